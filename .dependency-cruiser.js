/** The way dependencies may run. Each rule's comment names the right way; `npm run check` prints it. */

/** Lowest first. A folder may use itself, its own layer and those before it. */
const LAYERS = [
  ['common', 'config'],
  ['crypto'],
  ['migrations', 'database'],
  ['keys'],
  ['audit', 'mail'],
  ['users'],
  ['auth'],
  ['notes', 'voting'],
  ['backup', 'health'],
  ['openapi', 'cli', 'demo', 'doctor'],
];

const LISTED = `^src/(${LAYERS.flat().join('|')})/`;

const layerRules = LAYERS.slice(0, -1).map((folders, index) => ({
  name: `layer-of-${folders[0]}`,
  comment: `A lower module uses no higher one. What must be set off above goes through a hook that the higher module registers (see users/user-lifecycle.ts, keys/key-holder.ts).`,
  severity: 'error',
  from: { path: `^src/(${folders.join('|')})/`, pathNot: '\\.spec\\.ts$' },
  to: {
    path: `^src/(${LAYERS.slice(index + 1)
      .flat()
      .join('|')})/`,
  },
}));

const apartRules = [
  ['audit', 'mail'],
  ['notes', 'voting'],
  ['backup', 'health'],
].map(([one, other]) => ({
  name: `${one}-apart-from-${other}`,
  comment: 'Neighbours in a layer do not know each other; move what both need into a layer below.',
  severity: 'error',
  from: { path: `^src/(${one}|${other})/` },
  to: { path: `^src/(${one}|${other})/`, pathNot: '^src/$1/' },
}));

/** A folder that no layer names would be a way round all of them. */
const everyFolderHasALayer = [
  ['folder-without-layer', { path: '^src/[^/]+/', pathNot: LISTED }, {}],
  ['use-of-folder-without-layer', {}, { path: '^src/[^/]+/', pathNot: LISTED }],
].map(([name, from, to]) => ({
  name,
  comment:
    'Add the folder to LAYERS in .dependency-cruiser.js, above all that it uses and below all that use it.',
  severity: 'error',
  from,
  to,
}));

const PRIMITIVES = '^src/(crypto|voting/counting|voting/transparency)/';

export default {
  forbidden: [
    {
      name: 'no-cycle',
      comment: 'Two files that need each other are one thing, or hide a third: split it out.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...everyFolderHasALayer,
    ...layerRules,
    {
      name: 'root-files-on-top',
      comment:
        'The files right under src/ put the modules together; only the top layer and they themselves use them.',
      severity: 'error',
      from: {
        path: '^src/[^/]+/',
        pathNot: `^src/(${LAYERS.at(-1).join('|')})/|\\.spec\\.ts$`,
      },
      to: { path: '^src/[^/]+\\.ts$' },
    },
    ...apartRules,
    {
      name: 'no-foreign-repository',
      comment: "Use the other module's service; its repositories and entities are its own.",
      severity: 'error',
      // Without a slash at its end, so that a file right under src/ is a module that owns none of them.
      from: { path: '^src/([^/]+)', pathNot: '\\.spec\\.ts$' },
      to: { path: '^src/[^/]+/.*\\.(repository|entity)\\.ts$', pathNot: '^src/$1/' },
    },
    {
      name: 'only-repositories-touch-typeorm',
      comment:
        'SQL and TypeORM live in *.repository.ts and *.entity.ts, what concerns whole databases in backup/databases/; a service may name the EntityManager as a type.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: '\\.(repository|entity|module|spec)\\.ts$|^src/(database|migrations|backup/databases)/',
      },
      to: { path: 'node_modules/(typeorm|pg|@nestjs/typeorm)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'primitives-are-pure',
      comment:
        'crypto/, voting/counting/ and voting/transparency/ are plain functions over node:crypto: no framework, no database, no file, no network, no other module.',
      severity: 'error',
      from: { path: PRIMITIVES, pathNot: '\\.spec\\.ts$' },
      to: { pathNot: [PRIMITIVES, '^(node:)?(crypto|buffer|util)$'] },
    },
    {
      name: 'no-development-packages',
      comment: 'What the service needs at run time stands under dependencies.',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-dev'] },
    },
    {
      name: 'resolvable',
      comment: 'Nothing answers to this import.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
