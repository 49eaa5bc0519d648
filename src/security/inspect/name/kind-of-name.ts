/** Kinds of files by extension. Programs choose their reader by it. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  safetensors: '.safetensors',
  gguf: '.gguf',
  onnx: '.onnx',
  json: '.json',
  png: '.png .apng',
  jpeg: '.jpg .jpeg .jpe .jfif .mpo',
  gif: '.gif',
  webp: '.webp',
  numpy: '.npy',
  pieces: '.model .spm',
  pickle: '.pt .pth .bin .ckpt .pkl .pickle .joblib .dill .p .pk',
  template: '.jinja .jinja2 .j2',
  yaml: '.yaml .yml .template .tmpl .prompt .modelfile',
  text:
    '.md .markdown .mdx .rst .adoc .txt .text .toml .cfg .ini .conf .csv .tsv .jsonl .ndjson .bib .cff .tex .log ' +
    '.vocab .merges .bpe .codes .tiktoken .gbnf .names .labels .list .lst .dic .aff .sha256 ' +
    '.md5 .properties .gitattributes .gitignore .gitkeep .gitmodules .keep .editorconfig .license .licence .nojekyll ' +
    '.prototxt .lock .rules .phones .lex .map .diff .patch .srt .vtt .po',
  script:
    '.py .pyw .pyi .pyx .sh .bash .zsh .fish .bat .cmd .ps1 .psm1 .vbs .js .mjs .cjs .jsx .ts .tsx .rb .pl .php .lua .r ' +
    '.jl .c .cc .cpp .cxx .h .hpp .cu .cuh .go .rs .java .kt .scala .swift .m .cs .fs .sql .html .htm .xhtml .svg .ipynb ' +
    '.hta .jse .wsf .reg .desktop .service .ml .hs .scpt .applescript .awk .tcl .groovy .dart .asm .s .vb .au3',
  executable:
    '.exe .dll .so .dylib .pyd .pyc .pyo .com .msi .scr .sys .jar .class .wasm .apk .app .elf .o .a .lib .node .whl .egg',
  llamafile: '.llamafile',
  keras: '.keras .h5 .hdf5 .hdf',
  'saved-model': '.pb .pbtxt',
  tflite: '.tflite',
  nemo: '.nemo',
  mar: '.mar',
  archive:
    '.zip .tar .gz .tgz .bz2 .tbz2 .xz .txz .zst .lz4 .7z .rar .npz .cab .iso .dmg .deb .rpm .z .lzma .br',
  'other-model':
    '.mlmodel .msgpack .ot .params .pdmodel .pdiparams .caffemodel .engine .plan .trt .ort .xml .mnn .t7 .weights .mlpackage ' +
    '.ggml .rknn .hef .tmfile .param .pte .ptl .mleap .pmml .joblib.z .index .data-00000-of-00001 .surml .ubj .cbm .lgb',
};

const BY_EXTENSION: ReadonlyMap<string, string> = new Map(
  Object.entries(EXTENSIONS).flatMap(([kind, list]) =>
    list.split(' ').map((ending): [string, string] => [ending, kind]),
  ),
);

/** Names that conventionally denote text, with or without an extension. */
const TEXT_NAMES =
  /^(licen[cs]e|copying|copyright|notice|readme|changelog|changes|authors|contributors|contributing|citation|version|news|todo|install|modelfile|makefile|dockerfile|codeowners|usage_policy|use_policy|third[-_ ]party.*|manifest|credits|history|maintainers|security|code_of_conduct|terms|acceptable[-_ ]use.*|vocab|merges|dict|tokens|labels|params|checksums?|sha256sums|md5sums?|requirements|\.?gitattributes|\.(gitignore|gitkeep|gitmodules|keep|nojekyll|editorconfig|dockerignore|prettierrc|eslintrc|npmignore))([-_. ][\w. -]{0,60})?$/i;

/** Prefixes of names that denote documents, whatever the extension. */
const DOCUMENT = /^(licen[cs]e|notice|readme|copying|use_policy)\b/i;

/** The kind of file that a path's name implies; undefined if none. */
export function kindOfName(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  if (/^\.[\w-]+$/.test(name) && TEXT_NAMES.test(name)) return 'text';
  const dot = name.lastIndexOf('.');
  const known = dot >= 0 ? BY_EXTENSION.get(name.slice(dot)) : undefined;
  if (known) return known;
  if (/\.data-\d{5}-of-\d{5}$/.test(name)) return 'other-model';
  return TEXT_NAMES.test(name) || DOCUMENT.test(name) ? 'text' : undefined;
}

/** The last component of a path, in lower case. */
export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1).toLowerCase();
