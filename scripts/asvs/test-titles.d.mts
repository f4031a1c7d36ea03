export function titlesIn(source: string, fileName: string): string[];
export function runningTitle(title: string): RegExp;
