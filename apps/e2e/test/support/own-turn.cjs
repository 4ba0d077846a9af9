/** Jest lets its runners take turns: the files of this one run when those of the other are done, or before they begin. */
module.exports = class extends require('jest-runner').default {};
