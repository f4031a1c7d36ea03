import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AuditService } from '../../audit/audit.service.js';
import { AppConfig } from '../../config/app-config.js';
import { ForeignPageError } from './web.errors.js';

/** Of what an event keeps of the page that asked. */
const MAX_ORIGIN = 200;

/**
 * Lets in what a page of this very origin asks for, before any cookie is read: logging in included, so that no other
 * page can put somebody into an account that is not theirs. README.md has the table.
 */
@Injectable()
export class OwnPageGuard implements CanActivate {
  private readonly ownOrigin: string;

  constructor(
    private readonly config: AppConfig,
    private readonly audit: AuditService,
  ) {
    this.ownOrigin = new URL(config.publicUrl).origin;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { headers } = context.switchToHttp().getRequest<FastifyRequest>();
    if (this.isOwn(headers.origin, headers['sec-fetch-site'])) return true;
    const page = headers.origin?.slice(0, MAX_ORIGIN) ?? null;
    await this.audit.recordRefusal({ reason: 'foreign-page', page });
    throw new ForeignPageError(this.config.publicUrl);
  }

  /** What a browser says of a request must all be right, and it must say something: scripts can set neither header. */
  private isOwn(origin: string | undefined, site: string | string[] | undefined): boolean {
    if (origin === undefined && site === undefined) return false;
    return (
      (origin === undefined || origin === this.ownOrigin) && (site === undefined || site === 'same-origin')
    );
  }
}
