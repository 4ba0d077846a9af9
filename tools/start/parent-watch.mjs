/**
 * Preloaded into every app that `npm start` runs. Standard input is a pipe that the parent process holds open, so it closes
 * when the parent is gone, also after kill -9. The app is then killed at once: its output goes to a closed pipe, and a log
 * that cannot be written would block an orderly shutdown. Answered requests are on the disk already.
 */
process.stdin.once('close', () => process.kill(process.pid, 'SIGKILL'));
process.stdin.once('error', () => process.stdin.destroy());
process.stdin.resume();
process.stdin.unref();
