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

/** The stages of deploy/Dockerfile; the last one is the image. */
export function readStages(): Stage[] {
  const dockerfile = DockerfileParser.parse(
    readFileSync(path.join(checkout, 'deploy', 'Dockerfile'), 'utf8'),
  );
  const stages: Stage[] = [];
  for (const instruction of dockerfile.getInstructions()) {
    const step = toStep(instruction);
    if (step.keyword === 'FROM') {
      const [image = '', , name] = step.words;
      stages.push({ image, name, steps: [] });
    } else stages.at(-1)?.steps.push(step);
  }
  return stages;
}

/** What the image is made with, after everything that was only needed to build it. */
export function finalStage(): Stage {
  const last = readStages().at(-1);
  if (last === undefined) throw new Error('deploy/Dockerfile has no stage.');
  return last;
}

export function stepsOf(stage: Stage, keyword: string): BuildStep[] {
  return stage.steps.filter((step) => step.keyword === keyword);
}

export function environmentOfImage(): Record<string, string> {
  return Object.fromEntries(
    stepsOf(finalStage(), 'ENV').flatMap(({ words }) =>
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
