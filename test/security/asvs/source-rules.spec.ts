import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const ROOT = path.resolve(import.meta.dirname, '..', '..', '..');

interface Source {
  file: string;
  nodes: ts.Node[];
}

const sources: Source[] = globSync('src/**/*.ts', { cwd: ROOT })
  .filter((file) => !file.endsWith('.spec.ts') && !file.endsWith('/metadata.ts'))
  .sort()
  .map((file) => ({ file, nodes: nodesOf(file, readFileSync(path.join(ROOT, file), 'utf8')) }));

function nodesOf(file: string, text: string): ts.Node[] {
  const nodes: ts.Node[] = [];
  const visit = (node: ts.Node) => {
    nodes.push(node);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true));
  return nodes;
}

/** "file: text" of every node that `find` finds something in. */
function findings(find: (node: ts.Node) => string | undefined, within = sources): string[] {
  return within.flatMap(({ file, nodes }) =>
    nodes.flatMap((node) => {
      const found = find(node);
      return found === undefined ? [] : [`${file}: ${found}`];
    }),
  );
}

/** The name by which something is called or made, and its arguments. */
function callOf(node: ts.Node): { name: string; args: readonly ts.Expression[] } | undefined {
  if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return undefined;
  const { expression } = node;
  const name = ts.isPropertyAccessExpression(expression) ? expression.name.text : expression.getText();
  return { name, args: node.arguments ?? [] };
}

/** What a file imports at run time: "module" or "module#name". */
function importsOf(node: ts.Node): string[] {
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return [(node.arguments[0] as ts.StringLiteral).text];
  if (!ts.isImportDeclaration(node) || node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword)
    return [];
  const from = (node.moduleSpecifier as ts.StringLiteral).text;
  const bindings = node.importClause?.namedBindings;
  if (!bindings || !ts.isNamedImports(bindings)) return [from];
  return bindings.elements
    .filter((element) => !element.isTypeOnly)
    .map((element) => `${from}#${(element.propertyName ?? element.name).text}`);
}

const importing = (pattern: RegExp) =>
  sources.flatMap(({ file, nodes }) =>
    nodes.flatMap((node) =>
      importsOf(node)
        .filter((name) => pattern.test(name))
        .map((name) => `${file}: ${name}`),
    ),
  );

describe('the source', () => {
  it('is read as it is', () => {
    expect(sources.length).toBeGreaterThan(300);
    expect(findings((node) => (callOf(node)?.name === 'createCipheriv' ? 'found' : undefined))).toEqual([
      'src/crypto/aead-seal.ts: found',
    ]);
  });

  it('runs no text as code', () => {
    const isText = (argument: ts.Expression | undefined) =>
      argument !== undefined && (ts.isStringLiteralLike(argument) || ts.isTemplateExpression(argument));
    expect([
      ...findings((node) => {
        const call = callOf(node);
        if (!call) return undefined;
        if (['eval', 'Function'].includes(call.name)) return call.name;
        return ['setTimeout', 'setInterval'].includes(call.name) && isText(call.args[0])
          ? call.name
          : undefined;
      }),
      ...importing(/^(node:)?vm(#|$)/),
      // Redis' name for running one of our own scripts.
    ]).toEqual(['src/common/rate-limits/redis-connection.ts: eval']);
  });

  it('starts programs without a shell, with their arguments as a list', () => {
    expect(importing(/^(node:)?child_process/).filter((line) => !/#(execFile|spawn)$/.test(line))).toEqual(
      [],
    );
    expect(
      findings((node) =>
        ts.isPropertyAssignment(node) && node.name.getText() === 'shell' ? node.getText() : undefined,
      ),
    ).toEqual([]);
  });

  it('draws what must not be guessed from the operating system', () => {
    expect(
      findings((node) => (ts.isPropertyAccessExpression(node) ? node.getText() : undefined)).filter((line) =>
        line.endsWith(': Math.random'),
      ),
    ).toEqual([]);
    // Where secrets, tokens and keys are made there is one source, and nothing of less than 128 bits but nonces of GCM.
    const secretFolders = sources.filter(({ file }) =>
      /^src\/(auth|audit|crypto|keys|notes|users|voting)\//.test(file),
    );
    expect(
      findings((node) => (callOf(node)?.name === 'randomBytes' ? 'randomBytes' : undefined), secretFolders),
    ).toEqual(['src/crypto/draw-random.ts: randomBytes']);
    const draws = findings((node) => {
      const call = callOf(node);
      return call?.name === 'drawRandom' ? (call.args[0]?.getText() ?? '') : undefined;
    });
    expect(draws.length).toBeGreaterThan(5);
    const tooShort = draws.filter((line) => {
      const length = line.split(': ')[1] ?? '';
      return /^\d+$/.test(length) ? Number(length) < 16 : !/^[A-Z_]*BYTES$/.test(length);
    });
    expect(tooShort).toEqual([]);
  });

  it('hashes with SHA-256 and encrypts with AES-256-GCM, and with nothing else', () => {
    const algorithms = findings((node) => {
      const call = callOf(node);
      return call &&
        ['createHash', 'createHmac', 'hkdfSync', 'createCipheriv', 'createDecipheriv'].includes(call.name)
        ? `${call.name} ${call.args[0]?.getText() ?? ''}`
        : undefined;
    })
      // Redis asks for a script by its SHA-1: a name, which protects nothing.
      .filter((line) => line !== "src/common/rate-limits/redis-connection.ts: createHash 'sha1'")
      .map((line) => line.split(': ')[1]);
    expect(new Set(algorithms)).toEqual(
      new Set([
        "createHash 'sha256'",
        "createHmac 'sha256'",
        "hkdfSync 'sha256'",
        "createCipheriv 'aes-256-gcm'",
        "createDecipheriv 'aes-256-gcm'",
      ]),
    );
    expect(
      findings((node) => (ts.isStringLiteralLike(node) ? node.text : undefined)).filter((line) =>
        /: (md[245]|sha-?224|rc[24]|blowfish|(3?des|aes-\d+)(-(ecb|cbc|ctr|cfb|ofb)).*|.*-ecb)$/i.test(line),
      ),
    ).toEqual([]);
  });

  it('takes cryptography from Node and argon2 alone', () => {
    const used = importing(/crypt|cipher|hash|jose|jwt|token|argon|nacl|sodium|forge|elliptic/i)
      .map((line) => (line.split(': ')[1] ?? '').split('#')[0] ?? '')
      .filter((name) => !name.startsWith('.'));
    // Of @nestjs/jwt comes the format of access tokens; what it signs with is Node's.
    expect(new Set(used)).toEqual(new Set(['node:crypto', 'argon2', '@nestjs/jwt']));
  });

  it('gives every line that it logs an event_type', () => {
    const levels = ['log', 'warn', 'error', 'fatal', 'debug', 'verbose'];
    const isNamed = (argument: ts.Expression | undefined) =>
      argument !== undefined &&
      ts.isObjectLiteralExpression(argument) &&
      argument.properties.some((property) => property.name?.getText() === 'event_type');
    const lines = findings((node) => {
      if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return undefined;
      const { expression, name } = node.expression;
      if (!/(^|\.)logger$/.test(expression.getText()) || !levels.includes(name.text)) return undefined;
      return `${isNamed(node.arguments[0]) ? 'named' : 'without'} ${node.getText().slice(0, 80)}`;
    });
    expect(lines.length).toBeGreaterThan(30);
    expect(lines.filter((line) => line.includes(': without'))).toEqual([]);
  });

  it('opens connections only where the operator says', () => {
    // Of PostgreSQL every address is one of the configuration: see database/postgres-connection.ts.
    const clients =
      /^(node:)?(https?|http2|net|tls|dgram|dns)(\/promises)?#(request|get|connect|createConnection|createSocket|lookup|resolve\w*)$|^(ioredis|undici|axios|got|ws|@sentry\/node|nodemailer|openid-client)(#|$)/;
    const calls = findings((node) => (callOf(node)?.name === 'fetch' ? 'fetch' : undefined));
    const files = new Set([...importing(clients), ...calls].map((line) => line.split(':')[0]));
    expect([...files].sort()).toEqual(ALLOWED_CLIENTS);
  });
});

/** Each goes where the configuration points it, or to a socket in the data folder. */
const ALLOWED_CLIENTS = [
  // The providers that are set up, and what they name as theirs.
  'src/auth/oauth/providers/bounded-fetch.ts',
  'src/auth/oauth/providers/facebook-provider.ts',
  'src/auth/oauth/providers/openid-provider.ts',
  // Only its classes of errors.
  'src/auth/oauth/providers/provider-errors.ts',
  'src/common/error-reporting/sentry-collector.ts',
  'src/common/rate-limits/redis-connection.ts',
  'src/database/embedded/presence-socket.ts',
  'src/doctor/probes/ask.ts',
  // Writes into a folder: of the library only the composer of messages is used.
  'src/mail/transports/mailbox-transport.ts',
  'src/mail/transports/smtp-transport.ts',
];
