// SPDX-License-Identifier: MIT
// A reader of Python pickles (protocols 2 to 5) that executes nothing: opcodes build a tree of plain values, and a
// call is kept as a node that names its function. Only functions of a white list may be named (CPython
// Lib/pickletools.py describes the opcodes).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stgmamba::io::pickle {

/// Index of a value in its document. Values refer to each other by index, so a hostile circle is no endless recursion.
using Id = std::uint32_t;

enum class Kind : std::uint8_t {
  kNone,
  kBool,        // integer
  kInt,         // integer
  kLong,        // text: little-endian two's complement of more than eight bytes
  kFloat,       // number
  kText,        // text
  kBytes,       // text
  kTuple,       // items
  kList,        // items
  kDict,        // items: key, value, key, value, ...; OrderedDict and defaultdict too
  kGlobal,      // text: "torch.FloatStorage"
  kCall,        // text: the function's name; items: its arguments
  kPersistent,  // items: the one value that names an object outside the pickle
};

struct Value {
  Kind kind = Kind::kNone;
  std::int64_t integer = 0;
  double number = 0.0;
  std::string text;
  std::vector<Id> items;
};

struct Document {
  std::vector<Value> values;
  Id root = 0;
  std::size_t bytes = 0;  // how many the pickle took

  const Value& operator[](Id id) const { return values[id]; }
};

/// Whether a pickle may name a global. "collections.OrderedDict" and "collections.defaultdict" are always allowed.
using Allowed = bool (*)(std::string_view name);

/// Reads the pickle at the beginning of `bytes`. Throws CheckpointError "{where}: byte N: ..." for anything damaged,
/// unknown, not allowed or unreasonably large.
Document read(std::span<const std::byte> bytes, const std::string& where, Allowed allowed);

/// For messages: one line of plain characters, shortened.
std::string printable(std::string_view text);

}  // namespace stgmamba::io::pickle
