// SPDX-License-Identifier: MIT
// What a document remembers while it is read.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "config/node.hpp"

namespace stgmamba::config {

/// One value that was read: its full key, its YAML text and where it came from ("default" when absent).
struct Record {
  std::string key, value, source;
};

class DocumentState {
 public:
  explicit DocumentState(Node root_node) : root(std::move(root_node)) {}

  /// The mapping at a dotted path, or nullptr; throws ConfigError when something else stands there.
  const Node* mapping(const std::string& path);
  void remember(const std::string& key, const std::string& value, const std::string& source);
  void know_section(const std::string& path);

  Node root;
  std::vector<Record> records;                   // in reading order, one a key
  std::map<std::string, std::size_t> positions;  // key -> index in records
  std::set<std::string> sections;                // dotted paths that were asked for as sections
};

std::string join_key(const std::string& path, std::string_view key);

}  // namespace stgmamba::config
