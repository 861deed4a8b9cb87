import { everyWordOf, wordsIn } from './words';

describe('The words of a text', () => {
  it.each([
    [['The Great Gatsby', 'F. Scott Fitzgerald'], 'The Great Gatsby F Scott Fitzgerald'],
    [["O'Reilly's $1 # Guide"], 'O Reilly s 1 Guide'],
    [['猫である'], '猫 で あ る'],
    [['E\u0301mile'], 'Émile'],
    [[undefined, ' ', '!?'], ''],
  ])('of %j are %j', (texts, words) => {
    expect(wordsIn(...texts)).toBe(words);
  });

  it.each([
    ['jane emm', '"jane"* "emm"*'],
    ["o'reilly", '"o reilly"*'],
    ['"emma" OR NOT author:*', '"emma"* "OR"* "NOT"* "author"*'],
    ['猫で', '"猫 で"*'],
    ['"*"', undefined],
  ])('are asked for, when %j is typed, with %j', (typed, question) => {
    expect(everyWordOf(typed)).toBe(question);
  });
});
