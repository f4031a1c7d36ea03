// Titles of tests as they stand in a source file, and as they read when they run.
import ts from 'typescript';

const GROUPS = new Set(['describe']);
const TESTS = new Set(['it', 'test']);
const WAYS = new Set(['each', 'concurrent', 'failing']);

/** The full titles of a file's tests, "describe › title", with the placeholders of `it.each` as they are written. */
export function titlesIn(source, fileName) {
  const file = ts.createSourceFile(fileName, source, ts.ScriptTarget.ES2023, true);
  const titles = [];
  const visit = (node, parents) => {
    const called = ts.isCallExpression(node) ? calledAs(node.expression) : undefined;
    const title = called === undefined ? undefined : titleOf(node.arguments[0]);
    if (title === undefined) {
      ts.forEachChild(node, (child) => visit(child, parents));
    } else if (TESTS.has(called)) {
      titles.push([...parents, title].join(' › '));
    } else {
      ts.forEachChild(node, (child) => visit(child, [...parents, title]));
    }
  };
  visit(file, []);
  return titles;
}

/** `it`, `it.each(…)` and the like: what they are called by, if it makes tests. */
function calledAs(expression) {
  let callee = expression;
  // The call that makes the table is inside of the one that has the title.
  if (ts.isCallExpression(callee)) callee = callee.expression;
  if (ts.isTaggedTemplateExpression(callee)) callee = callee.tag;
  while (ts.isPropertyAccessExpression(callee) && WAYS.has(callee.name.text)) callee = callee.expression;
  return ts.isIdentifier(callee) && (GROUPS.has(callee.text) || TESTS.has(callee.text))
    ? callee.text
    : undefined;
}

function titleOf(argument) {
  if (argument === undefined) return undefined;
  if (ts.isStringLiteralLike(argument)) return argument.text;
  return ts.isTemplateExpression(argument) ? argument.getText().slice(1, -1) : undefined;
}

/** What a title reads like when it runs: placeholders stand for anything. */
export function runningTitle(title) {
  const literal = title.split(/%[sdifjoOpc#$]|\$\{[^}]*\}|\$[A-Za-z_][\w.]*/);
  return new RegExp(`^${literal.map((part) => RegExp.escape(part)).join('[^]*')}$`);
}
