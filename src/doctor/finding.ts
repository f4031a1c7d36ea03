/** What a look at one matter showed. Whoever reads of a warning or a problem reads what to do about it. */
export type Finding =
  | {
      /** `off`: it is not used, or could not be looked at. */
      readonly verdict: 'ok' | 'off';
      /** A sentence, without secrets. */
      readonly found: string;
    }
  | {
      /** `problem`: something does not work or is open. `warning`: it will, or may be meant so. */
      readonly verdict: 'warning' | 'problem';
      readonly found: string;
      readonly toDo: string;
    };

export type Verdict = Finding['verdict'];

export function ok(found: string): Finding {
  return { verdict: 'ok', found };
}

export function off(found: string): Finding {
  return { verdict: 'off', found };
}

export function warning(found: string, toDo: string): Finding {
  return { verdict: 'warning', found, toDo };
}

export function problem(found: string, toDo: string): Finding {
  return { verdict: 'problem', found, toDo };
}

/** What is wrong, or where nothing is, that it is in order. */
export function orElse(wrong: readonly Finding[], inOrder: string): readonly Finding[] {
  return wrong.length > 0 ? wrong : [ok(inOrder)];
}
