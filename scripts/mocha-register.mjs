// Loaded into mocha's process before mocha, to compile the tests' TypeScript.

import 'tsx';

// Mocha would `require` the tests. Then tsx makes minified CommonJS of them and of all that they import, the
// product in dist/ included: functions get another source, and neither stacks nor coverage lead back to src/.
// Without this feature mocha imports them as the ES modules that they are, and dist/ runs as it is shipped.
Object.defineProperty(process.features, 'require_module', { value: false });

// A child process inherits these options unless told otherwise; what a test starts must run as it does for a
// user, without tsx and from any folder.
process.execArgv = process.execArgv.filter((option) => !option.includes('mocha-register'));
