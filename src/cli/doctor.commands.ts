import type { Command } from 'commander';
import type { RawEnv } from '../config/read-variable.js';
import { examine } from '../doctor/examine.js';
import { hasProblem, renderReport, toJson } from '../doctor/report.js';
import { Interruption } from './interruption.js';
import { answer, report } from './with-service.js';

interface DoctorSurroundings {
  readonly raw: RawEnv;
  /** The .env that was read. */
  readonly envFile: string | undefined;
  /** PATH. */
  readonly searchPath: string | undefined;
}

export function addDoctorCommand(program: Command, surroundings: DoctorSurroundings): void {
  program
    .command('doctor')
    .description(
      'look at the whole installation, say what is wrong and what to do; changes nothing. Ends with status 1 where there is a problem',
    )
    .option('--json', 'for machines')
    .action(async ({ json }: { json?: true }) => {
      const interruption = new Interruption((signal) => {
        report(`${signal}: stopping …`);
      });
      try {
        const entries = await examine({
          ...surroundings,
          onProgress: report,
          unlessInterrupted: (step) => interruption.orElse(step),
        });
        answer(json ? toJson(entries) : renderReport(entries));
        if (hasProblem(entries)) process.exitCode = 1;
      } finally {
        interruption.end();
      }
    });
}
