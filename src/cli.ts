import 'reflect-metadata';
import { Command } from 'commander';
import { addAdminCommands } from './cli/admin.commands.js';
import { addAuditCommands } from './cli/audit.commands.js';
import { addBackupCommands } from './cli/backup.commands.js';
import { addDemoCommands } from './cli/demo.commands.js';
import { addDoctorCommand } from './cli/doctor.commands.js';
import { addKeyCommands } from './cli/keys.commands.js';
import { addMailCommands } from './cli/mail.commands.js';
import { addMoveCommands } from './cli/move.commands.js';
import { addPasswordCommands } from './cli/password.commands.js';
import { loadEnvFile } from './config/env-file.js';
import { parseEnv } from './config/parse-env.js';
import { withService } from './cli/with-service.js';
import { withSurroundings } from './cli/with-surroundings.js';
import { explainStartupFailure } from './startup-failure.js';

const envFile = loadEnvFile();

const program = new Command('npm run cli --')
  .description("The operator's commands. They work beside a running service and without one.")
  .showHelpAfterError()
  .configureHelp({ sortSubcommands: true });

const readEnv = () => parseEnv(process.env);
/** The folder that the operator is in; npm leaves it for the checkout's. */
const folder = process.env['INIT_CWD'] ?? process.cwd();
const searchPath = process.env['PATH'];
const run = withService(readEnv, searchPath);
const runOnSurroundings = withSurroundings(readEnv, searchPath);
addAdminCommands(program, run);
addAuditCommands(program, run);
addBackupCommands(program, { run, runOnSurroundings, readEnv, folder });
addDemoCommands(program, run);
addDoctorCommand(program, { raw: process.env, envFile, searchPath });
addKeyCommands(program, run, folder);
addMailCommands(program, run);
addMoveCommands(program, { runOnSurroundings, readEnv, searchPath, folder });
addPasswordCommands(program);

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${explainStartupFailure(error, { host: '', port: 0 }, 'database')}\n`);
  process.exitCode = 1;
});
