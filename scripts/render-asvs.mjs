// Writes the table of ASVS requirements, met and waived, into SECURITY.md.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readChecklist, readRequirements, renderTable } from './asvs/checklist.mjs';
import { root } from './preflight.mjs';

const file = path.join(root, 'SECURITY.md');
const [BEGIN, END] = ['<!-- asvs:begin -->', '<!-- asvs:end -->'];
const text = readFileSync(file, 'utf8');
const [before, rest = ''] = text.split(BEGIN);
const after = rest.split(END)[1];
if (after === undefined) throw new Error(`SECURITY.md lacks ${BEGIN} or ${END}.`);
const table = renderTable(readRequirements(), readChecklist());
writeFileSync(file, `${before}${BEGIN}\n\n${table}\n\n${END}${after}`);
