/** What the stand-ins use of oidc-provider 9, which comes without types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  interface Context {
    path: string;
    body: unknown;
    type: string;
    response: { get(header: string): string | undefined };
    set(header: string, value: string): void;
    oidc: {
      session: { accountId?: string };
      params: Record<string, string | undefined>;
      result?: { login?: object };
    };
  }

  interface Interaction {
    uid: string;
    params: Record<string, string>;
  }

  interface Grant {
    addOIDCScope(scope: string): void;
    save(): Promise<string>;
  }

  interface Prompt {
    checks: { add(check: interactionPolicy.Check): void };
  }

  export class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>);
    proxy: boolean;
    readonly issuer: string;
    readonly Grant: new (of: { accountId: string; clientId: string | undefined }) => Grant;
    use(middleware: (context: Context, next: () => Promise<void>) => Promise<void>): this;
    on(event: string, listener: (...args: any[]) => void): this;
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>;
    interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>;
  }

  export namespace interactionPolicy {
    class Check {
      readonly reason: string;
      constructor(reason: string, description: string, check: (context: Context) => boolean);
    }
    function base(): { get(name: string): Prompt };
  }
}
