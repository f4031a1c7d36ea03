import { ENV, ENV_NAMES } from './env.schema.js';
import { OPENID_PROVIDER } from './openid-providers.js';

/** The text of `.env.example`: every variable of the table, commented out unless it has a default. */
export function renderEnvExample(): string {
  const lines = [
    '# MC101 runs without any of this: `npm ci && npm start`. Copy to .env and set what you need.',
    '# A variable X can also be given as X_FILE, the path of a file that holds its value.',
  ];
  let section = '';
  for (const name of ENV_NAMES) {
    const variable: { section: string; description: string; example?: string } = ENV[name];
    if (variable.section !== section) lines.push(...namedVariablesOf(section), '', `## ${variable.section}`);
    section = variable.section;
    lines.push(
      '',
      `# ${variable.description}`,
      variable.example === undefined ? `#${name}=` : `${name}=${variable.example}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** Variables that have a name in theirs which the operator chooses. */
function namedVariablesOf(section: string): string[] {
  if (section !== 'Social login') return [];
  return [
    '',
    '# Any other provider of OpenID Connect: a name of capital letters and digits in the place of <NAME>.',
    ...Object.entries(OPENID_PROVIDER).flatMap(([field, { description }]) => [
      '',
      `# ${description}`,
      `#OAUTH_OIDC_<NAME>_${field}=`,
    ]),
  ];
}
