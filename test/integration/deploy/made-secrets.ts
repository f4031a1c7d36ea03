import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ProgramProcess } from '../../support/service-process.js';

/** What deploy/make-secrets.mjs has put into a folder of its own. */
export class SecretsFolder {
  private constructor(readonly folder: string) {}

  static async make(): Promise<SecretsFolder> {
    return new SecretsFolder(await mkdtemp(path.join(os.tmpdir(), 'mc101-secrets-')));
  }

  async fill(...foldersOfTheApp: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const script = new ProgramProcess('deploy/make-secrets.mjs', [this.folder, ...foldersOfTheApp], {
      env: {},
    });
    const { code } = await script.ended;
    return { code, stdout: script.stdout, stderr: script.stderr };
  }

  path(name: string): string {
    return path.join(this.folder, name);
  }

  async read(name: string): Promise<string> {
    return (await readFile(this.path(name), 'utf8')).trim();
  }

  /** Every secret by its path within the folder. */
  async all(): Promise<Map<string, string>> {
    const entries = await readdir(this.folder, { recursive: true, withFileTypes: true });
    const names = entries
      .filter((entry) => entry.isFile() && entry.name !== '.gitignore')
      .map((entry) => path.relative(this.folder, path.join(entry.parentPath, entry.name)))
      .sort();
    return new Map(
      await Promise.all(names.map(async (name): Promise<[string, string]> => [name, await this.read(name)])),
    );
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true });
  }
}
