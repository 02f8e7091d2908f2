/** A process that answers one question of a database and ends; whoever asks ends it when that takes too long. */
import {UserError} from '@megatest/model';
import {answerData, type DataQuestion} from '@megatest/store';

process.once('disconnect', () => process.exit(0));
process.once('message', (question: DataQuestion) => {
  let reply: unknown;
  try {
    reply = {answer: answerData(question)};
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    reply = error instanceof UserError ? {mistake: text} : {crash: text};
  }
  process.send?.(reply, () => process.exit(0));
});
