import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseRegExpLiteral, visitRegExpAST, type AST } from '@eslint-community/regexpp';
import ts from 'typescript';

export interface Found {
  /** `src/notes/etag.ts:12` */
  where: string;
  pattern: string;
  flags: string;
}

/** Every regular expression that a file under this folder writes down, as a literal or as text given to RegExp. */
export function findRegularExpressions(folder: string): { found: Found[]; unreadable: string[] } {
  const found: Found[] = [];
  const unreadable: string[] = [];
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
    .map((name) => path.join(folder, name));
  for (const file of files) {
    const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
      const where = `${path.relative(path.dirname(folder), file)}:${line}`;
      if (ts.isRegularExpressionLiteral(node)) {
        const { pattern, flags } = parseRegExpLiteral(node.text);
        found.push({ where, pattern: pattern.raw, flags: flags.raw });
      } else if (
        (ts.isNewExpression(node) || ts.isCallExpression(node)) &&
        ts.isIdentifier(node.expression) &&
        node.expression.text === 'RegExp'
      ) {
        const [pattern, flags] = node.arguments ?? [];
        if (pattern && ts.isStringLiteralLike(pattern) && (!flags || ts.isStringLiteralLike(flags)))
          found.push({ where, pattern: pattern.text, flags: flags?.text ?? '' });
        else unreadable.push(where);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return { found, unreadable };
}

const MANY = 50;
const CANDIDATES = [
  ...Array.from('aA0 _-.,:;@/=+"\'%[]{}()<>#?!*&$~|^`'),
  '\\',
  '\n',
  '\r',
  '\t',
  '\0',
  '\x7f',
  'é',
  '𝕏',
  'z',
  '9',
];

/**
 * Texts on which an expression with ambiguous repetition runs away: whatever leads to a repetition, what is repeated
 * many times, and an end that fits nothing.
 *
 * @param length of the repeated part
 */
export function attacksOn(pattern: string, flags: string, length: number): string[] {
  const tree = parseRegExpLiteral(new RegExp(pattern, flags));
  const attacks = new Set<string>();
  visitRegExpAST(tree, {
    onQuantifierEnter(node) {
      if (node.max < MANY) return;
      const lead = leadTo(node);
      for (const unit of samplesOf(node.element).filter((text) => text !== '')) {
        const pumped = unit.repeat(Math.ceil(length / unit.length));
        for (const end of ['', '\0', '!', '\u2603', '\n', ' ', unit.slice(0, -1)])
          attacks.add(lead + pumped + end);
        // A search that may begin anywhere begins again at every place.
        attacks.add(`${pumped}\0`);
      }
    },
  });
  return [...attacks];
}

/** A text that fits all that stands before a node. */
function leadTo(node: AST.Node): string {
  const { parent } = node;
  if (!parent) return '';
  if (parent.type !== 'Alternative') return leadTo(parent);
  const before = parent.elements.slice(0, parent.elements.indexOf(node as AST.Element));
  return leadTo(parent) + before.map((element) => samplesOf(element)[0] ?? '').join('');
}

/** Some texts that fit a node; the first one is the shortest that was thought of. */
function samplesOf(node: AST.Element | AST.QuantifiableElement): string[] {
  switch (node.type) {
    case 'Character':
      return [String.fromCodePoint(node.value)];
    case 'CharacterSet':
    case 'CharacterClass':
    case 'ExpressionCharacterClass': {
      const flags = node.raw.includes('\\p') ? 'u' : '';
      const one = new RegExp(`^${node.raw}$`, flags);
      return CANDIDATES.filter((candidate) => one.test(candidate)).slice(0, 4);
    }
    case 'Group':
    case 'CapturingGroup':
      return node.alternatives.flatMap(({ elements }) => samplesOfAll(elements)).slice(0, 8);
    case 'Quantifier': {
      const samples = samplesOf(node.element).map((text) => text.repeat(Math.max(node.min, 1)));
      return node.min === 0 ? [...samples, ''] : samples;
    }
    default:
      return [''];
  }
}

function samplesOfAll(elements: AST.Element[]): string[] {
  const each = elements.map(samplesOf);
  const width = Math.max(1, ...each.map((samples) => samples.length));
  return Array.from({ length: width }, (_, n) =>
    each.map((samples) => samples[n] ?? samples[0] ?? '').join(''),
  );
}
