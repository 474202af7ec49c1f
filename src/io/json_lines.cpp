// SPDX-License-Identifier: MIT
#include "stgmamba/io/json_lines.hpp"

#include <sstream>

#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"

namespace stgmamba::io {
namespace fs = std::filesystem;

namespace {

/// `row` as text. JSON is UTF-8: names of files from elsewhere may not be.
std::string to_text(const fs::path& path, const Json& value, int indent = -1) {
  try {
    return value.dump(indent);
  } catch (const Json::type_error&) {
    throw DataError("{}: cannot be written: it would hold text that is not UTF-8; rename what is named so",
                    path.string());
  }
}

}  // namespace

std::vector<Json> read_json_lines(const fs::path& path) {
  std::istringstream text(util::read_text(path));
  std::vector<Json> rows;
  std::string line;
  for (int number = 1; std::getline(text, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) {
      continue;
    }
    Json row = Json::parse(line, nullptr, false);
    if (!row.is_object()) {
      throw DataError("{}:{}: every line must be a JSON object, got {:.60}", path.string(), number, line);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

void write_json_lines(const fs::path& path, const std::vector<Json>& rows) {
  std::string text;
  for (const Json& row : rows) {
    text += to_text(path, row) + '\n';
  }
  util::write_text(path, text);
}

void append_json_line(const fs::path& path, const Json& row) {
  util::append_line(path, to_text(path, row));
}

void truncate_json_lines(const fs::path& path, const char* key, long long limit) {
  if (!fs::exists(path)) {
    return;
  }
  std::istringstream text(util::read_text(path));
  const auto bound = static_cast<double>(limit);
  std::string kept;
  for (std::string line; std::getline(text, line);) {
    const Json row = Json::parse(line, nullptr, false);  // an unfinished last line does not parse
    if (row.is_object() && (!row.contains(key) || !row[key].is_number() || row[key].get<double>() <= bound)) {
      kept += line + '\n';
    }
  }
  util::write_text(path, kept);
}

Json read_json(const fs::path& path) {
  const std::string text = util::read_text(path);
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw DataError("{}: not JSON at byte {}", path.string(), error.byte);
  } catch (const Json::out_of_range&) {
    throw DataError("{}: holds a number that is too large", path.string());
  }
}

void write_json(const fs::path& path, const Json& value) {
  util::write_text(path, to_text(path, value, 2) + '\n');
}

}  // namespace stgmamba::io
