// Parses queries with Grafana's grammar of LogQL: reads a JSON list of them, and writes
// one with what is wrong with each, or "". A regular expression is a string to it.
import { parser } from '@grafana/lezer-logql';

let text = '';
for await (const chunk of process.stdin) text += chunk;
console.log(JSON.stringify(JSON.parse(text).map((query) => {
  let wrong = '';
  parser.parse(query).iterate({
    enter(node) {
      if (node.type.isError && !wrong) wrong = `syntax error at ${JSON.stringify(query.slice(node.from))}`;
    },
  });
  return wrong;
})));
