import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';

export const IS_OPEN_WITHOUT_SECOND_FACTOR = 'mc101:open-without-second-factor';

/** For what somebody needs who must set up a second factor (REQUIRE_MFA) and has none yet. All else is closed to them. */
export const WithoutSecondFactor = () =>
  applyDecorators(
    SetMetadata(IS_OPEN_WITHOUT_SECOND_FACTOR, true),
    ApiExtension('x-open-without-second-factor', true),
  );
