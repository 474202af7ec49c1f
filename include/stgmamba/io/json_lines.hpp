// SPDX-License-Identifier: MIT
// JSON documents and json-lines files, with errors that name file and line.
#pragma once

#include <filesystem>
#include <vector>

#include <nlohmann/json.hpp>

namespace stgmamba::io {

using Json = nlohmann::json;

/// Throws DataError "index.jsonl:12: ..." for the first bad line. Empty lines are skipped.
std::vector<Json> read_json_lines(const std::filesystem::path& path);
void write_json_lines(const std::filesystem::path& path, const std::vector<Json>& rows);  // atomic
void append_json_line(const std::filesystem::path& path, const Json& row);
/// Drops an unfinished last line and every row with row[key] > limit: a resumed log has no steps from the future.
void truncate_json_lines(const std::filesystem::path& path, const char* key, long long limit);

Json read_json(const std::filesystem::path& path);                      // throws DataError
void write_json(const std::filesystem::path& path, const Json& value);  // atomic, indented

}  // namespace stgmamba::io
