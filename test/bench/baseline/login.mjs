import argon2 from 'argon2';

const BODY = {
  type: 'object',
  required: ['email', 'password'],
  properties: { email: { type: 'string' }, password: { type: 'string' } },
};

/** A login that is nothing but its hash: no account is looked up and no session begins. */
export function addLogin(app) {
  const hash = process.env.PASSWORD_HASH;
  const limit = new Limit(Number(process.env.CPU_POOL_SIZE));
  app.post('/users/login', { schema: { body: BODY } }, async ({ body }, reply) => {
    const matches = await limit.run(() => argon2.verify(hash, body.password));
    return matches ? { token_type: 'bearer' } : reply.code(401).send({ error: {} });
  });
}

/** At most so many jobs at once; the rest wait in line. */
class Limit {
  waiting = [];

  constructor(free) {
    this.free = free;
  }

  async run(job) {
    if (this.free > 0) this.free -= 1;
    else await new Promise((resolve) => this.waiting.push(resolve));
    try {
      return await job();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.free += 1;
    }
  }
}
