import {defineConfig} from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'scripts/**/*.test.ts',
      'test/**/*.test.ts',
      // Left to chance by its nature, and not yet always passed: on request only.
      ...(process.env.MEGATEST_KILLS === undefined ? [] : ['test/**/*.soak.ts']),
    ],
    reporters: ['default', './scripts/summary-reporter.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Real processes, databases and sockets: two workers on two cores keep the end-to-end tests honest.
    maxWorkers: 2,
  },
});
