type Payload = Record<string, any>;

/** Storage for one oidc-provider; nothing expires here, the provider itself compares the times. */
export function memoryAdapter() {
  const rows = new Map<string, Payload>();
  return class {
    constructor(private readonly model: string) {}

    private key(id: string): string {
      return `${this.model}:${id}`;
    }

    private where(matches: (payload: Payload) => boolean): [string, Payload][] {
      return [...rows].filter(([key, payload]) => key.startsWith(`${this.model}:`) && matches(payload));
    }

    upsert(id: string, payload: Payload): Promise<void> {
      rows.set(this.key(id), payload);
      return Promise.resolve();
    }

    find(id: string): Promise<Payload | undefined> {
      return Promise.resolve(rows.get(this.key(id)));
    }

    findByUid(uid: string): Promise<Payload | undefined> {
      return Promise.resolve(this.where((payload) => payload['uid'] === uid)[0]?.[1]);
    }

    consume(id: string): Promise<void> {
      const payload = rows.get(this.key(id));
      if (payload) payload['consumed'] = Math.floor(Date.now() / 1000);
      return Promise.resolve();
    }

    destroy(id: string): Promise<void> {
      rows.delete(this.key(id));
      return Promise.resolve();
    }

    revokeByGrantId(grantId: string): Promise<void> {
      for (const [key] of this.where((payload) => payload['grantId'] === grantId)) rows.delete(key);
      return Promise.resolve();
    }
  };
}
