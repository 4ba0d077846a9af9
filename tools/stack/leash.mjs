/**
 * Preloaded into every app that `npm start` runs. The app's standard input is a pipe that the runner holds open: it ends when
 * the runner is gone, whatever became of it (kill -9 included). Nobody reads the app's output any more then, and a log that
 * cannot be written would hold an orderly end up, so the end is an abrupt one; what was answered is on the disk.
 */
process.stdin.once('close', () => process.kill(process.pid, 'SIGKILL'));
process.stdin.once('error', () => process.stdin.destroy());
process.stdin.resume();
process.stdin.unref();
