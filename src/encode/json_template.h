// Compiles the `value:` of an output into pieces.
//
//   score                             a reference (reference.h)
//   {text: value, score: score}       an object; values are templates
//   [a, b]                            an array of templates
//   {const: x}                        a constant: a number, a text, a list, a map
//   {base64: vector}                  the little-endian bytes of a column, a string, the key, a header, or the input
//   {argmax: scores, labels: …}       the place of the largest, or its label; labels are a list or a file with one a line
//   {part: /a/b}                      a part of the input, by JSON Pointer; null where there is none
//   {merge: input, with: {…}}         the input, an object, with these members added, or in place of its own
//
// A map is a function when its first key is the name of one.
#pragma once

#include "thalweg/settings.h"

#include "encode/piece.h"

namespace thalweg::encode {

// A null node stands for an object of all columns. Errors: config_invalid, with the line.
[[nodiscard]] Result<Pieces> compile_template(const Node& value, const Schema& schema,
                                              Nonfinite nonfinite);

}  // namespace thalweg::encode
