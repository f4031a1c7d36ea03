import { findOpenDemoAccounts } from '../../demo/demo-accounts.js';
import { notLookedAt, type Check } from '../check.js';
import { orElse, problem, warning } from '../finding.js';

export const demoAccounts: Check = {
  name: 'demo accounts',
  look: async ({ service, env }) => {
    if ('why' in service) return notLookedAt(service);
    const open = await findOpenDemoAccounts(service.there.modules);
    const judge = env.NODE_ENV === 'production' ? problem : warning;
    return orElse(
      open.length === 0
        ? []
        : [
            judge(
              `Anybody can log in as ${open.map(({ email }) => email).join(', ')}: the password is that of the public demo.`,
              'npm run cli -- demo:close',
            ),
          ],
      'None is open.',
    );
  },
};
