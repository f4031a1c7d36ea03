import Bowser from 'bowser';

/** Bowser takes the name of a program that it does not know from the text itself: only names of its own are believed. */
const PROGRAMS = new Set<string>(Object.values(Bowser.BROWSER_MAP));
const SYSTEMS = new Set<string>(Object.values(Bowser.OS_MAP));

const MAJOR_VERSION = /^\d{1,4}(?![\d])/;

/**
 * A device in words: "Firefox 131 on Linux". Nothing of it is what the client wrote but the number of its version.
 * @param userAgent at most 512 characters of a User-Agent header
 * @returns undefined for a client that is none of the known ones
 */
export function describeDevice(userAgent: string | null | undefined): string | undefined {
  if (userAgent === null || userAgent === undefined || userAgent === '') return undefined;
  const { browser, os } = Bowser.parse(userAgent);
  const program = known(PROGRAMS, browser.name);
  const system = known(SYSTEMS, os.name);
  const version = MAJOR_VERSION.exec(browser.version ?? '')?.[0];
  const named = program && [program, version].filter((part) => part !== undefined).join(' ');
  return named && system ? `${named} on ${system}` : (named ?? system);
}

function known(names: ReadonlySet<string>, name: string | undefined): string | undefined {
  return name !== undefined && names.has(name) ? name : undefined;
}
