// Loaded into each measured server before its own code: tells the bench the CPU time used, and ends with the bench.
process.on('message', (question) => {
  if (question === 'cpu') process.send?.(process.cpuUsage());
});
process.on('disconnect', () => process.exit(1));
process.channel?.unref();
