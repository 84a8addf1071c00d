/** Texts of datatrove's test suite. */

export const ENGLISH =
  "I wish it need not have happened in my time,' said Frodo. 'So do I,' said Gandalf, 'and so do all who live to see such " +
  'times. But that is not for them to decide. All we have to decide is what to do with the time that is given us.';
export const FRENCH =
  "Un magicien n'est jamais en retard Frodon Sacquet. Pas plus qu'il est en avance. Il arrive précisément à l'heure prévue.";
export const PORTUGUESE =
  'Um mago nunca chega tarde, Frodo Bolseiro. Nem cedo. Ele chega precisamente na hora que pretende.';
export const ITALIAN =
  'Molti tra i vivi meritano la morte. E parecchi che sono morti avrebbero meritato la vita. Sei forse tu in grado di ' +
  'dargliela? E allora non essere troppo generoso nel distribuire la morte nei tuoi giudizi: sappi che nemmeno i più ' +
  'saggi possono vedere tutte le conseguenze.';
export const SIX_SENTENCES = [
  'This is a well-written paragraph with several sentences.',
  'The content continues with more good information here.',
  'Another important point is being made in this line.',
  'We can see that this document has quality content.',
  'Finally, the conclusion wraps everything up nicely.',
  'An additional sentence to ensure we pass the threshold.',
];
