import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../common/http/api-answer.decorator.js';
import { ApiErrors } from '../common/http/api-errors.decorator.js';
import { IdParam } from '../common/http/id-param.pipe.js';
import { PagingQuery } from '../common/http/paging.dto.js';
import { Roles } from '../common/http/roles.decorator.js';
import { BackupPage, BackupResponse, BackupStarted } from './backup.response.dto.js';
import { BackupsService } from './backups.service.js';

@ApiTags('Admin')
@Roles('admin')
@Controller('admin/backups')
export class AdminBackupsController {
  constructor(private readonly backups: BackupsService) {}

  /** Lists the runs, newest first. */
  @ApiAnswer('A page of runs.')
  @Get()
  list(@Query() query: PagingQuery): Promise<BackupPage> {
    return this.backups.list(query);
  }

  /** Shows one run. */
  @ApiParam({ name: 'id', description: 'The id of the run.', example: 17 })
  @ApiAnswer('The run.')
  @ApiErrors('BACKUP_NOT_FOUND')
  @Get(':id')
  get(@Param('id', new IdParam('BACKUP_NOT_FOUND', 'backup')) id: number): Promise<BackupResponse> {
    return this.backups.get(id);
  }

  /** Begins a backup now. How it went shows in the run. */
  @ApiAnswer('It has begun.')
  @ApiErrors('BACKUP_RUNNING')
  @Post()
  @HttpCode(202)
  run(): Promise<BackupStarted> {
    return this.backups.start();
  }
}
