import { OAuthCode } from './codes/oauth-code.entity.js';
import { OAuthCodesRepository } from './codes/oauth-codes.repository.js';
import { OAuthCodesService } from './codes/oauth-codes.service.js';
import { BeginFlowService } from './flows/begin-flow.service.js';
import { FinishFlowService } from './flows/finish-flow.service.js';
import { FlowSecretsService } from './flows/flow-secrets.service.js';
import { OAuthFlow } from './flows/oauth-flow.entity.js';
import { OAuthFlowsController } from './flows/oauth-flows.controller.js';
import { OAuthFlowsRepository } from './flows/oauth-flows.repository.js';
import { IdentitiesController } from './identities/identities.controller.js';
import { IdentitiesRepository } from './identities/identities.repository.js';
import { IdentitiesService } from './identities/identities.service.js';
import { Identity } from './identities/identity.entity.js';
import { ExchangeController } from './login/exchange.controller.js';
import { ExchangeService } from './login/exchange.service.js';
import { FirstLoginService } from './login/first-login.service.js';
import { WebExchangeController } from './login/web-exchange.controller.js';
import { IdentityProviders } from './providers/identity-providers.service.js';

/** What social login adds to the module of accounts, whose sessions, gate and second factors it needs. */
export const OAUTH = {
  entities: [Identity, OAuthFlow, OAuthCode],
  // Before the flows, whose paths have a provider's name where this one has a word.
  controllers: [ExchangeController, WebExchangeController, IdentitiesController, OAuthFlowsController],
  providers: [
    IdentityProviders,
    FlowSecretsService,
    OAuthFlowsRepository,
    BeginFlowService,
    FinishFlowService,
    OAuthCodesRepository,
    OAuthCodesService,
    IdentitiesRepository,
    IdentitiesService,
    ExchangeService,
    FirstLoginService,
  ],
};
