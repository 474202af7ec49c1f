// SPDX-License-Identifier: MIT
#include "pickle.hpp"

#include <bit>
#include <cstring>
#include <unordered_map>

#include "stgmamba/util/error.hpp"

#include "pickle_opcodes.hpp"

namespace stgmamba::io::pickle {
namespace {

constexpr std::size_t kMaxValues = std::size_t{1} << 21U;  // some 200 MB; a state dict needs about twenty a tensor
constexpr std::size_t kMaxStack = std::size_t{1} << 22U;
constexpr std::size_t kMaxArguments = 16;

bool is_dict_type(std::string_view name) {
  return name == "collections.OrderedDict" || name == "collections.defaultdict";
}

class Machine {
 public:
  Machine(std::span<const std::byte> bytes, const std::string& where, Allowed allowed)
      : bytes_(bytes), where_(where), allowed_(allowed) {}

  Document run() {
    for (;;) {
      opcode_at_ = at_;
      const auto opcode = static_cast<std::uint8_t>(number(1));
      if (opcode == kStop) {
        document_.root = pop();
        document_.bytes = at_;
        return std::move(document_);
      }
      if (!plain(opcode) && !text(opcode) && !container(opcode) && !memo(opcode) && !object(opcode)) {
        refuse(fmt::format("opcode 0x{:02x} is not one that state dicts use", opcode));
      }
    }
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw CheckpointError("{}: byte {}: {}", where_, opcode_at_, what);
  }
  void require(bool condition, const char* what) const {
    if (!condition) {
      refuse(what);
    }
  }

  // Input.
  std::uint64_t number(std::size_t size) {  // little-endian, unsigned
    require(size <= bytes_.size() - at_, "the pickle ends early");
    std::uint64_t value = 0;
    std::memcpy(&value, bytes_.data() + at_, size);
    at_ += size;
    return value;
  }
  std::string characters(std::uint64_t length) {
    require(length <= bytes_.size() - at_, "the pickle ends early");
    std::string text(reinterpret_cast<const char*>(bytes_.data()) + at_, length);
    at_ += length;
    return text;
  }
  std::string line() {
    const auto* const begin = reinterpret_cast<const char*>(bytes_.data()) + at_;
    const auto* const end = static_cast<const char*>(std::memchr(begin, '\n', bytes_.size() - at_));
    require(end != nullptr, "the pickle ends early");
    at_ += static_cast<std::size_t>(end - begin) + 1;
    return {begin, end};
  }

  // Stack.
  Id push(Value value) {
    require(document_.values.size() < kMaxValues, "more values than any state dict has");
    document_.values.push_back(std::move(value));
    return push_id(static_cast<Id>(document_.values.size() - 1));
  }
  Id push_id(Id id) {
    require(stack_.size() < kMaxStack, "more values than any state dict has");
    stack_.push_back(id);
    return id;
  }
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  Id top() const {
    require(stack_.size() > floor(), "a value is missing on the stack");
    return stack_.back();
  }
  Id pop() {
    const Id id = top();
    stack_.pop_back();
    return id;
  }
  std::vector<Id> pop_to_mark() {
    require(!marks_.empty(), "a mark is missing on the stack");
    const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<Id> items(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return items;
  }
  std::vector<Id> pop_some(std::size_t count) {
    require(stack_.size() - floor() >= count, "a value is missing on the stack");
    std::vector<Id> items(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return items;
  }

  bool plain(std::uint8_t opcode);
  bool text(std::uint8_t opcode);
  bool container(std::uint8_t opcode);
  bool memo(std::uint8_t opcode);
  bool object(std::uint8_t opcode);
  void push_long(std::size_t size);
  void push_global(const std::string& module, const std::string& name);
  void extend(Id target, Kind kind, std::vector<Id> items);
  void reduce();

  std::span<const std::byte> bytes_;
  const std::string& where_;
  Allowed allowed_;
  std::size_t at_ = 0, opcode_at_ = 0;
  Document document_;
  std::size_t copied_ = 0;
  std::vector<Id> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint64_t, Id> memo_;
};

bool Machine::plain(std::uint8_t opcode) {
  switch (opcode) {
    case kProto:
      if (const std::uint64_t protocol = number(1); protocol < 2 || protocol > 5) {
        refuse(fmt::format("pickle protocol {} is not one of 2 to 5", protocol));
      }
      return true;
    case kFrame:
      number(8);  // a length, for readers that buffer
      return true;
    case kNoneOp:
      push({Kind::kNone});
      return true;
    case kNewTrue:
    case kNewFalse:
      push({Kind::kBool, opcode == kNewTrue ? 1 : 0});
      return true;
    case kBinInt:
      push({Kind::kInt, static_cast<std::int32_t>(static_cast<std::uint32_t>(number(4)))});
      return true;
    case kBinInt1:
    case kBinInt2:
      push({Kind::kInt, static_cast<std::int64_t>(number(opcode == kBinInt1 ? 1 : 2))});
      return true;
    case kLong1:
      push_long(number(1));
      return true;
    case kBinFloat:
      push({Kind::kFloat, 0, std::bit_cast<double>(__builtin_bswap64(number(8)))});
      return true;
    default:
      return false;
  }
}

void Machine::push_long(std::size_t size) {
  if (size > 8) {
    push({Kind::kLong, 0, 0.0, characters(size)});
    return;
  }
  std::uint64_t value = number(size);
  if (size > 0 && size < 8 && ((value >> (8 * size - 1)) & 1U) != 0) {
    value |= ~std::uint64_t{0} << (8 * size);  // negative
  }
  push({Kind::kInt, static_cast<std::int64_t>(value)});
}

bool Machine::text(std::uint8_t opcode) {
  std::size_t length_bytes = 4;
  Kind kind = Kind::kText;
  switch (opcode) {
    case kShortBinString:  // Python 2's str
    case kShortBinUnicode:
      length_bytes = 1;
      break;
    case kBinString:
    case kBinUnicode:
      break;
    case kBinUnicode8:
      length_bytes = 8;
      break;
    case kShortBinBytes:
      length_bytes = 1;
      kind = Kind::kBytes;
      break;
    case kBinBytes:
      kind = Kind::kBytes;
      break;
    case kBinBytes8:
      length_bytes = 8;
      kind = Kind::kBytes;
      break;
    default:
      return false;
  }
  push({kind, 0, 0.0, characters(number(length_bytes))});
  return true;
}

bool Machine::container(std::uint8_t opcode) {
  switch (opcode) {
    case kMark:
      require(marks_.size() < kMaxStack, "more marks than any state dict has");
      marks_.push_back(stack_.size());
      return true;
    case kEmptyTuple:
      push({Kind::kTuple});
      return true;
    case kTuple1:
    case kTuple2:
    case kTuple3: {
      std::vector<Id> items = pop_some(opcode - kTuple1 + std::size_t{1});
      push({Kind::kTuple, 0, 0.0, {}, std::move(items)});
      return true;
    }
    case kTupleOp:
      push({Kind::kTuple, 0, 0.0, {}, pop_to_mark()});
      return true;
    case kEmptyList:
    case kEmptyDict:
      push({opcode == kEmptyList ? Kind::kList : Kind::kDict});
      return true;
    case kListOp:
    case kDictOp: {
      const Kind kind = opcode == kListOp ? Kind::kList : Kind::kDict;
      std::vector<Id> items = pop_to_mark();
      extend(push({kind}), kind, std::move(items));
      return true;
    }
    case kAppend:
    case kAppends: {
      std::vector<Id> items = opcode == kAppend ? pop_some(1) : pop_to_mark();
      extend(top(), Kind::kList, std::move(items));
      return true;
    }
    case kSetItem:
    case kSetItems: {
      std::vector<Id> items = opcode == kSetItem ? pop_some(2) : pop_to_mark();
      extend(top(), Kind::kDict, std::move(items));
      return true;
    }
    default:
      return false;
  }
}

void Machine::extend(Id target, Kind kind, std::vector<Id> items) {
  Value& value = document_.values[target];
  require(value.kind == kind, kind == Kind::kList ? "only a list can be appended to" : "only a dict can hold items");
  require(kind == Kind::kList || items.size() % 2 == 0, "a dict's key has no value");
  value.items.insert(value.items.end(), items.begin(), items.end());
}

bool Machine::memo(std::uint8_t opcode) {
  switch (opcode) {
    case kBinPut:
    case kLongBinPut:
      memo_[number(opcode == kBinPut ? 1 : 4)] = top();
      return true;
    case kMemoize: {
      const std::size_t next = memo_.size();
      memo_[next] = top();
      return true;
    }
    case kBinGet:
    case kLongBinGet: {
      const auto found = memo_.find(number(opcode == kBinGet ? 1 : 4));
      require(found != memo_.end(), "refers to a value that was never stored");
      push_id(found->second);
      return true;
    }
    case kPop:
      pop();
      return true;
    case kPopMark:
      pop_to_mark();
      return true;
    case kDup:
      push_id(top());
      return true;
    default:
      return false;
  }
}

bool Machine::object(std::uint8_t opcode) {
  switch (opcode) {
    case kGlobalOp: {
      const std::string module = line();
      push_global(module, line());
      return true;
    }
    case kStackGlobal: {
      const std::vector<Id> names = pop_some(2);
      const Value& module = document_[names[0]];
      const Value& name = document_[names[1]];
      require(module.kind == Kind::kText && name.kind == Kind::kText, "a global's name must be text");
      push_global(module.text, name.text);
      return true;
    }
    case kBinPersId: {
      const Id id = pop();
      push({Kind::kPersistent, 0, 0.0, {}, {id}});
      return true;
    }
    case kReduce:
      reduce();
      return true;
    case kBuild:  // attributes of a dict, such as a state dict's _metadata: not needed
      pop();
      require(document_[top()].kind == Kind::kDict, "only a dict may have attributes");
      return true;
    default:
      return false;
  }
}

void Machine::push_global(const std::string& module, const std::string& name) {
  std::string full = module + "." + name;
  if (!is_dict_type(full) && !allowed_(full)) {
    refuse(
        fmt::format("refers to '{}', which weights do not need and which is not executed; save the state dict alone: "
                    "torch.save(model.state_dict(), FILE)",
                    printable(full)));
  }
  push({Kind::kGlobal, 0, 0.0, std::move(full)});
}

void Machine::reduce() {
  const Id arguments = pop();
  const Id callee = pop();
  require(document_[callee].kind == Kind::kGlobal && document_[arguments].kind == Kind::kTuple,
          "a call needs a function and a tuple of arguments");
  const std::string name = document_[callee].text;
  const std::vector<Id>& items = document_[arguments].items;
  require(items.size() <= kMaxArguments, "a call has more arguments than any that state dicts use");
  if (!is_dict_type(name)) {
    push({Kind::kCall, 0, 0.0, name, std::vector<Id>(items)});
    return;
  }
  Value dict{Kind::kDict};
  if (name == "collections.OrderedDict" && !items.empty()) {  // Python 2 lists the items: [[key, value], ...]
    const Value& pairs = document_[items[0]];
    require(items.size() == 1 && pairs.kind == Kind::kList, "an OrderedDict must be empty or a list of pairs");
    copied_ += pairs.items.size();  // one list may be named many times
    require(copied_ <= kMaxValues, "more values than any state dict has");
    for (const Id id : pairs.items) {
      const Value& pair = document_[id];
      require((pair.kind == Kind::kList || pair.kind == Kind::kTuple) && pair.items.size() == 2,
              "an OrderedDict must be empty or a list of pairs");
      dict.items.insert(dict.items.end(), pair.items.begin(), pair.items.end());
    }
  }
  push(std::move(dict));
}

}  // namespace

Document read(std::span<const std::byte> bytes, const std::string& where, Allowed allowed) {
  return Machine(bytes, where, allowed).run();
}

std::string printable(std::string_view text) {
  constexpr std::size_t kShown = 100;
  std::string shown;
  for (const char c : text.substr(0, kShown)) {
    shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  }
  return text.size() > kShown ? shown + "..." : shown;
}

}  // namespace stgmamba::io::pickle
