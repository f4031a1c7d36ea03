import { ENV, ENV_NAMES } from './env.schema.js';

/** The text of `.env.example`: every variable of the table, commented out unless it has a default. */
export function renderEnvExample(): string {
  const lines = [
    '# MC101 runs without any of this: `npm ci && npm start`. Copy to .env and set what you need.',
    '# A variable X can also be given as X_FILE, the path of a file that holds its value.',
  ];
  let section = '';
  for (const name of ENV_NAMES) {
    const variable: { section: string; description: string; example?: string } = ENV[name];
    if (variable.section !== section) lines.push('', `## ${variable.section}`);
    section = variable.section;
    lines.push(
      '',
      `# ${variable.description}`,
      variable.example === undefined ? `#${name}=` : `${name}=${variable.example}`,
    );
  }
  return `${lines.join('\n')}\n`;
}
