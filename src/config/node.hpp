// SPDX-License-Identifier: MIT
// Our own tree of a YAML text: every node knows where it stands. The only place that sees a YAML type is node.cpp.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace stgmamba::config {

struct Node {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  std::string text;         // scalar
  bool quoted = false;      // a quoted scalar is text, whatever it looks like
  std::string where;        // "file:line:column" of the key (of the value inside lists)
  std::vector<Node> items;  // list
  struct Entry;
  std::vector<Entry> entries;  // map, in file order

  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
};
struct Node::Entry {
  std::string first;  // key
  Node second;        // value
};

/// Parses YAML; throws ConfigError with the position for syntax errors, duplicate keys, keys with a dot, `<<`, aliases,
/// tags and second documents. Nothing at all is a null node. With `positions` off every node stands at `name` itself.
Node parse_yaml(std::string_view text, const std::string& name, bool positions = true);
/// Lays `over` over `under`: maps merge key by key, an empty section changes nothing, everything else replaces.
void merge(Node& under, const Node& over);

}  // namespace stgmamba::config
