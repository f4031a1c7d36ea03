import { parentPort } from 'node:worker_threads';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import * as common from '@zxcvbn-ts/language-common';
import * as english from '@zxcvbn-ts/language-en';
import type { StrengthAnswer, StrengthQuestion } from './password-strength.js';

const zxcvbn = new ZxcvbnFactory({
  dictionary: { ...common.dictionary, ...english.dictionary },
  graphs: common.adjacencyGraphs,
  translations: english.translations,
});

parentPort?.on('message', ({ id, password, context }: StrengthQuestion) => {
  const { score, feedback } = zxcvbn.check(password, context);
  const answer: StrengthAnswer = {
    id,
    score,
    warning: feedback.warning ?? null,
    suggestions: feedback.suggestions,
  };
  parentPort?.postMessage(answer);
});
