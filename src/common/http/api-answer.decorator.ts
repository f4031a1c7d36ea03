import { ApiExtension } from '@nestjs/swagger';

/** Describes what a route answers when all went well. Status and schema are read from the handler. */
export const ApiAnswer = (description: string) => ApiExtension('x-answer', description);
