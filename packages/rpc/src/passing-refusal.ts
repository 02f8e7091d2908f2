/**
 * Whoever answers now cannot be worked with, and no further attempt changes that by itself: a command says so and ends. Who never
 * gives up, such as a manager with results, goes on trying until somebody else stands there.
 */
import {UserError} from '@megatest/model';

export class PassingRefusal extends UserError {}
