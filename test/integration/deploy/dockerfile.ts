import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DockerfileParser, ModifiableInstruction, type Instruction } from 'dockerfile-ast';
import { checkout } from '../../support/service-process.js';

export interface BuildStep {
  keyword: string;
  /** `--from=build` is `{from: 'build'}`. */
  flags: Record<string, string>;
  /** Lines that are continued are one. */
  text: string;
  /** In the exec form, the words of the array. */
  words: string[];
  isExecForm: boolean;
}

export interface Stage {
  image: string;
  name: string | undefined;
  steps: BuildStep[];
}

type BuildArguments = Record<string, string>;

/** The stages of deploy/Dockerfile; the last one is the image. @param given in place of the defaults of `ARG` */
export function readStages(given: BuildArguments = {}): Stage[] {
  const dockerfile = DockerfileParser.parse(
    readFileSync(path.join(checkout, 'deploy', 'Dockerfile'), 'utf8'),
  );
  const stages: Stage[] = [];
  // They hold from where they stand to the end of their stage.
  let known: BuildArguments = {};
  for (const instruction of dockerfile.getInstructions()) {
    const step = withArguments(toStep(instruction), known);
    if (step.keyword === 'FROM') known = {};
    if (step.keyword === 'ARG') {
      const [name = '', byDefault = ''] = step.text.split('=');
      known = { ...known, [name]: given[name] ?? byDefault };
    }
    if (step.keyword === 'FROM') {
      const [image = '', , name] = step.words;
      stages.push({ image, name, steps: [] });
    } else stages.at(-1)?.steps.push(step);
  }
  return stages;
}

/** What the image is made with, after everything that was only needed to build it. */
export function finalStage(given?: BuildArguments): Stage {
  const last = readStages(given).at(-1);
  if (last === undefined) throw new Error('deploy/Dockerfile has no stage.');
  return last;
}

export function stepsOf(stage: Stage, keyword: string): BuildStep[] {
  return stage.steps.filter((step) => step.keyword === keyword);
}

export function environmentOfImage(given?: BuildArguments): Record<string, string> {
  return Object.fromEntries(
    stepsOf(finalStage(given), 'ENV').flatMap(({ words }) =>
      words.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
    ),
  );
}

/** Where a path of the checkout ends up in the image, below its working folder. */
export function copiedFromCheckout(stage: Stage): string[] {
  return [...stepsOf(stage, 'COPY'), ...stepsOf(stage, 'ADD')]
    .filter(({ flags }) => flags['from'] === undefined)
    .flatMap(({ words }) => words.slice(0, -1))
    .filter((source) => !source.startsWith('https://'));
}

function toStep(instruction: Instruction): BuildStep {
  const rest = instruction.getArguments().map((argument) => argument.getValue());
  const text = (instruction.getArgumentsContent() ?? '').replace(/\\\n\s*/g, '');
  const array = /^(?:CMD )?(\[.*\])$/s.exec(text)?.[1];
  const flags = instruction instanceof ModifiableInstruction ? instruction.getFlags() : [];
  return {
    keyword: instruction.getKeyword(),
    flags: Object.fromEntries(flags.map((flag) => [flag.getName(), flag.getValue() ?? ''])),
    text,
    words: array === undefined ? rest : (JSON.parse(array) as string[]),
    isExecForm: array !== undefined,
  };
}

function withArguments(step: BuildStep, known: BuildArguments): BuildStep {
  // Within single quotes neither the shell nor the engine puts anything in.
  const substitute = (text: string) =>
    text.replace(/'[^']*'|\$\{(\w+)\}/g, (all, name?: string) => (name && known[name]) ?? all);
  return { ...step, text: substitute(step.text), words: step.words.map(substitute) };
}
