// SPDX-License-Identifier: GPL-3.0-or-later
// check_schema.mjs < manifests.yaml: holds Kubernetes objects against the
// types that kubernetes-types makes of Kubernetes' OpenAPI schema. A field that
// is unknown, missing or of another type is an error. Writes the objects as
// JSON for further checks.
import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

import ts from 'typescript';
import {parseAllDocuments} from 'yaml';

// "networking.k8s.io/v1" to the module that describes it.
function moduleOf(apiVersion) {
  const [version, group = 'core'] = String(apiVersion).split('/').reverse();
  return `kubernetes-types/${group.split('.')[0]}/${version}`;
}

function parse(text) {
  const documents = parseAllDocuments(text, {version: '1.1'});
  for (const document of documents) {
    if (document.errors.length) throw document.errors[0];
  }
  return documents.map((document) => document.toJS()).filter(Boolean);
}

// One constant an object: the compiler refuses what its type does not have.
function sourceOf(objects) {
  return objects.map((object, i) => {
    const {apiVersion, kind} = object;
    if (!/^[\w./]+$/.test(apiVersion) || !/^\w+$/.test(kind)) {
      throw new Error(`object ${i} has no apiVersion and kind`);
    }
    return `export const ${kind}_${i}: import('${moduleOf(apiVersion)}').${
        kind} = ${JSON.stringify(object, null, 1)};\n`;
  }).join('');
}

function typeErrors(source) {
  const options = {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: [],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const name = fileURLToPath(new URL('manifests.ts', import.meta.url));
  const host = ts.createCompilerHost(options);
  const {getSourceFile, fileExists} = host;
  host.fileExists = (path) => path === name || fileExists.call(host, path);
  host.getSourceFile = (path, ...rest) => path === name ?
      ts.createSourceFile(path, source, ...rest) :
      getSourceFile.call(host, path, ...rest);
  const program = ts.createProgram([name], options, host);
  const lines = source.split('\n');
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
    if (!diagnostic.file) return text;
    const {line} =
        diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start);
    const object = lines.slice(0, line + 1)
        .findLast((each) => each.startsWith('export const '));
    return `${object.slice(13).split(':')[0]}: ${lines[line].trim()}\n${text}`;
  });
}

const objects = parse(readFileSync(0, 'utf8'));
if (!objects.length) throw new Error('nothing to check');
const errors = typeErrors(sourceOf(objects));
for (const error of errors) console.error(error);
if (errors.length) process.exit(1);
console.log(JSON.stringify(objects));
