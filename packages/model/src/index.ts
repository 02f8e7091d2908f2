export {unreachable} from './unreachable.ts';
export {type Place, printPlace, printUserError, UserError, type UserErrorOptions} from './user-error.ts';
