import { performance } from 'node:perf_hooks';
import argon2 from 'argon2';
import type { Command } from 'commander';
import { answer } from './with-service.js';

const TARGET_MILLISECONDS = 50;
const MEMORY_STEPS_KIB = [19_456, 32_768, 47_104, 65_536, 131_072, 262_144];
const TIME_COST = 2;

export function addPasswordCommands(program: Command): void {
  program
    .command('calibrate')
    .description(
      `propose argon2id parameters: as much memory as one hash in ${TARGET_MILLISECONDS} ms can use here`,
    )
    .action(async () => {
      let best = MEMORY_STEPS_KIB[0];
      for (const memoryCost of MEMORY_STEPS_KIB) {
        const milliseconds = await time(memoryCost);
        answer(`${memoryCost} KiB, ${TIME_COST} passes: ${milliseconds.toFixed(0)} ms`);
        if (milliseconds <= TARGET_MILLISECONDS) best = memoryCost;
      }
      answer(`ARGON2_MEMORY_KIB=${best}\nARGON2_TIME_COST=${TIME_COST}`);
    });
}

/** The faster of two runs: the first one also pays for memory the process has never touched. */
async function time(memoryCost: number): Promise<number> {
  const runs: number[] = [];
  for (let run = 0; run < 2; run += 1) {
    const start = performance.now();
    await argon2.hash('calibration', {
      type: argon2.argon2id,
      memoryCost,
      timeCost: TIME_COST,
      parallelism: 1,
    });
    runs.push(performance.now() - start);
  }
  return Math.min(...runs);
}
