#!/usr/bin/env node
// Stands in for curl on a machine that has none: the options of the README's tour, and no others.
const options = { headers: {} };
let url;
const args = process.argv.slice(2);
while (args.length > 0) {
  const arg = args.shift();
  if (arg === '-H') {
    const [name, ...value] = args.shift().split(': ');
    options.headers[name] = value.join(': ');
  } else if (arg === '-d') options.body = args.shift();
  else if (arg === '-X') options.method = args.shift();
  else if (arg !== '-sS') url = arg;
}
options.method ??= options.body === undefined ? 'GET' : 'POST';
const answer = await globalThis.fetch(url, options);
process.stdout.write(await answer.text());
