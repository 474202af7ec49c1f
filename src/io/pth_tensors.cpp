// SPDX-License-Identifier: MIT
#include "pth_tensors.hpp"

#include <algorithm>
#include <array>

#include "stgmamba/util/error.hpp"

namespace stgmamba::io {
namespace {

using pickle::Id;
using pickle::Kind;
using pickle::Value;

struct TypeName {
  DType dtype;
  const char* storage;  // of module torch or torch.cuda
  const char* torch;
};
constexpr TypeName kTypes[] = {{DType::kF64, "DoubleStorage", "float64"}, {DType::kF32, "FloatStorage", "float32"},
                               {DType::kF16, "HalfStorage", "float16"},   {DType::kBF16, "BFloat16Storage", "bfloat16"},
                               {DType::kI64, "LongStorage", "int64"},     {DType::kI32, "IntStorage", "int32"},
                               {DType::kI16, "ShortStorage", "int16"},    {DType::kI8, "CharStorage", "int8"},
                               {DType::kU8, "ByteStorage", "uint8"},      {DType::kBool, "BoolStorage", "bool"}};
constexpr const char* kUntyped = "torch.storage.UntypedStorage";

constexpr std::string_view kFunctions[] = {"torch._utils._rebuild_tensor",
                                           "torch._utils._rebuild_tensor_v2",
                                           "torch._utils._rebuild_tensor_v3",
                                           "torch._utils._rebuild_parameter",
                                           "torch.Size",
                                           "torch.device",
                                           "torch._utils._rebuild_parameter_with_state"};

/// Default factories of a defaultdict; they are never called.
constexpr std::string_view kFactories[] = {"builtins.dict",    "builtins.list",    "builtins.int",
                                           "__builtin__.dict", "__builtin__.list", "__builtin__.int"};

const TypeName* storage_type(std::string_view name) {
  for (const std::string_view module : {"torch.cuda.", "torch."}) {
    if (name.starts_with(module)) {
      const auto* const found = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const TypeName& type) {
        return name.substr(module.size()) == type.storage;
      });
      if (found != std::end(kTypes)) {
        return found;
      }
    }
  }
  return nullptr;
}

/// "torch.float32" and the like, as checkpoints of optimisers and options hold them.
bool is_type(std::string_view name) {
  return name.starts_with("torch.") && std::any_of(std::begin(kTypes), std::end(kTypes),
                                                   [&](const TypeName& type) { return name.substr(6) == type.torch; });
}

constexpr int kMaxDepth = 32;
constexpr std::uint64_t kMaxVisits = std::uint64_t{1} << 21U;
constexpr std::uint64_t kMaxNameBytes = std::uint64_t{1} << 28U;  // of all names together

class Walker {
 public:
  Walker(const pickle::Document& document, const std::string& where) : document_(document), where_(where) {}

  StateDict run() {
    visit(document_.root, "", 0);
    return std::move(found_);
  }

 private:
  void require(bool condition, const std::string& name, const char* what) const {
    if (!condition) {
      throw CheckpointError("{}: '{}': {}", where_, pickle::printable(name), what);
    }
  }

  void visit(Id id, const std::string& name, int depth);
  void visit_dict(const Value& dict, const std::string& name, int depth);
  void visit_call(const Value& call, const std::string& name, int depth);
  std::string key_text(Id id, const std::string& name) const;
  void add_value(const std::string& name, std::string text);
  void add_tensor(const Value& call, const std::string& name);
  std::uint64_t read_storage(Id id, TensorPlan& plan, std::uint64_t& elements) const;
  std::vector<std::int64_t> read_sizes(Id id, const std::string& name) const;
  std::uint64_t read_count(Id id, const std::string& name) const;
  void check_extent(const TensorPlan& plan, std::uint64_t begin, std::uint64_t elements) const;

  const pickle::Document& document_;
  const std::string& where_;
  StateDict found_;
  std::uint64_t visits_ = 0, name_bytes_ = 0;
};

void Walker::visit(Id id, const std::string& name, int depth) {
  require(depth <= kMaxDepth, name, "nested too deeply, or inside itself");
  require(++visits_ <= kMaxVisits, name, "more values than any state dict has");
  const Value& value = document_[id];
  switch (value.kind) {
    case Kind::kDict:
      return visit_dict(value, name, depth);
    case Kind::kTuple:
    case Kind::kList:
      for (std::size_t i = 0; i < value.items.size(); ++i) {
        visit(value.items[i], fmt::format("{}{}{}", name, name.empty() ? "" : ".", i), depth + 1);
      }
      return;
    case Kind::kCall:
      return visit_call(value, name, depth);
    case Kind::kPersistent:
      return require(false, name, "a bare storage; save the tensor instead");
    case Kind::kNone:
      return add_value(name, "None");
    case Kind::kBool:
      return add_value(name, value.integer != 0 ? "True" : "False");
    case Kind::kInt:
      return add_value(name, std::to_string(value.integer));
    case Kind::kFloat:
      return add_value(name, fmt::format("{}", value.number));
    case Kind::kText:
    case Kind::kGlobal:
      return add_value(name, value.text);
    case Kind::kLong:
    case Kind::kBytes:
      return add_value(name, fmt::format("{} bytes", value.text.size()));
  }
}

void Walker::visit_dict(const Value& dict, const std::string& name, int depth) {
  for (std::size_t i = 0; i < dict.items.size(); i += 2) {
    const std::string key = key_text(dict.items[i], name);
    visit(dict.items[i + 1], name.empty() ? key : fmt::format("{}.{}", name, key), depth + 1);
  }
}

std::string Walker::key_text(Id id, const std::string& name) const {
  const Value& key = document_[id];
  require(key.kind == Kind::kText || key.kind == Kind::kInt, name, "a key must be text or a whole number");
  require(key.text.size() + name.size() <= 4096, name, "a name is longer than 4096 bytes");
  return key.kind == Kind::kText ? key.text : std::to_string(key.integer);
}

void Walker::visit_call(const Value& call, const std::string& name, int depth) {
  const std::string& function = call.text;
  if (function.starts_with("torch._utils._rebuild_tensor")) {
    return add_tensor(call, name);
  }
  require(!call.items.empty(), name, "a call without the arguments it needs");
  if (function == "torch.device") {
    return add_value(name, document_[call.items[0]].text);
  }
  require(function.starts_with("torch._utils._rebuild_parameter") || function == "torch.Size", name,
          "a call of something that is no function");
  visit(call.items[0], name, depth + 1);
}

void Walker::add_value(const std::string& name, std::string text) {
  name_bytes_ += name.size() + text.size();
  require(name_bytes_ <= kMaxNameBytes, name, "more text than any state dict has");
  require(found_.values.emplace(name, std::move(text)).second, name, "occurs twice");
}

/// _rebuild_tensor(storage, offset, size, stride) or _v2(..., requires_grad, hooks[, metadata]); _v3 is for types that
/// io::Array does not know.
void Walker::add_tensor(const Value& call, const std::string& name) {
  constexpr std::size_t kMetadata = 6;
  require(!call.text.ends_with("_v3"), name, "a tensor of a type that is not supported");
  require(call.items.size() >= 4, name, "a tensor without storage, offset, size and stride");
  if (call.items.size() > kMetadata) {
    const Value& extra = document_[call.items[kMetadata]];
    require(extra.kind == Kind::kNone || (extra.kind == Kind::kDict && extra.items.empty()), name,
            "a tensor with a conjugate or negative bit; save a plain copy of it");
  }
  TensorPlan plan;
  plan.name = name;
  std::uint64_t elements = 0;
  const std::uint64_t view = read_storage(call.items[0], plan, elements);
  const std::uint64_t offset = read_count(call.items[1], name);
  plan.shape = read_sizes(call.items[2], name);
  plan.stride = read_sizes(call.items[3], name);
  require(plan.shape.size() == plan.stride.size(), name, "a tensor must have one stride a dimension");
  check_extent(plan, offset, elements);
  plan.begin = view + offset;
  name_bytes_ += name.size() + sizeof(TensorPlan);
  require(name_bytes_ <= kMaxNameBytes, name, "more tensors than any state dict has");
  found_.tensors.push_back(std::move(plan));
}

/// ("storage", type, key, location, elements[, None or (view key, offset, elements)]): the view's first element, and
/// how many it has.
std::uint64_t Walker::read_storage(Id id, TensorPlan& plan, std::uint64_t& elements) const {
  const std::string& name = plan.name;
  const Value& persistent = document_[id];
  require(persistent.kind == Kind::kPersistent, name, "a tensor without a storage");
  const Value& tuple = document_[persistent.items[0]];
  require(tuple.kind == Kind::kTuple && tuple.items.size() >= 5 && document_[tuple.items[0]].text == "storage", name,
          "a storage must be (\"storage\", type, key, location, elements)");
  const Value& type = document_[tuple.items[1]];
  const TypeName* const typed = type.kind == Kind::kGlobal ? storage_type(type.text) : nullptr;
  require(typed != nullptr, name, "a storage of a type that is not supported");
  plan.storage.dtype = typed->dtype;
  const Value& key = document_[tuple.items[2]];
  require(key.kind == Kind::kText && key.text.size() <= 200, name, "a storage's key must be a short text");
  plan.storage.key = key.text;
  plan.storage.elements = elements = read_count(tuple.items[4], name);
  require(elements <= (std::uint64_t{1} << 50U), name, "a storage larger than any file");
  if (tuple.items.size() < 6 || document_[tuple.items[5]].kind == Kind::kNone) {
    return 0;
  }
  const Value& view = document_[tuple.items[5]];
  require(view.kind == Kind::kTuple && view.items.size() == 3, name, "a view must be (key, offset, elements)");
  const std::uint64_t begin = read_count(view.items[1], name);
  elements = read_count(view.items[2], name);
  require(begin <= plan.storage.elements && elements <= plan.storage.elements - begin, name,
          "a view that reaches beyond its storage");
  return begin;
}

std::uint64_t Walker::read_count(Id id, const std::string& name) const {
  const Value& value = document_[id];
  require(value.kind == Kind::kInt && value.integer >= 0, name, "offsets and sizes must be whole numbers");
  return static_cast<std::uint64_t>(value.integer);
}

std::vector<std::int64_t> Walker::read_sizes(Id id, const std::string& name) const {
  const Value* tuple = &document_[id];
  if (tuple->kind == Kind::kCall && tuple->text == "torch.Size" && tuple->items.size() == 1) {
    tuple = &document_[tuple->items[0]];
  }
  require(tuple->kind == Kind::kTuple && tuple->items.size() <= 64, name, "sizes and strides must be tuples");
  std::vector<std::int64_t> sizes;
  for (const Id item : tuple->items) {
    sizes.push_back(static_cast<std::int64_t>(read_count(item, name)));
  }
  return sizes;
}

void Walker::check_extent(const TensorPlan& plan, std::uint64_t begin, std::uint64_t elements) const {
  std::int64_t count = 1;  // as if no dimension were 0, so that no product overflows anywhere
  std::uint64_t last = begin;
  bool fits = true;
  for (std::size_t i = 0; i < plan.shape.size(); ++i) {
    std::uint64_t reach = 0;
    const std::int64_t size = std::max<std::int64_t>(plan.shape[i], 1);
    fits = fits && !__builtin_mul_overflow(count, size, &count) &&
           !__builtin_mul_overflow(static_cast<std::uint64_t>(size - 1), static_cast<std::uint64_t>(plan.stride[i]),
                                   &reach) &&
           !__builtin_add_overflow(last, reach, &last);
  }
  require(fits, plan.name, "a tensor that reaches beyond its storage");
  if (plan.numel() > 0) {
    require(last < elements, plan.name, "a tensor that reaches beyond its storage");
    require(plan.numel() <= elements, plan.name, "a tensor with more elements than its storage (expanded?)");
  }
}

}  // namespace

std::uint64_t TensorPlan::numel() const {
  std::uint64_t count = 1;
  const bool empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
  for (const std::int64_t size : shape) {
    count *= empty ? 0U : static_cast<std::uint64_t>(size);
  }
  return count;
}

std::string_view storage_name(DType dtype) {
  return std::find_if(std::begin(kTypes), std::end(kTypes), [&](const TypeName& type) { return type.dtype == dtype; })
      ->storage;
}

bool allowed_in_state_dict(std::string_view global) {
  return std::find(std::begin(kFunctions), std::end(kFunctions), global) != std::end(kFunctions) ||
         std::find(std::begin(kFactories), std::end(kFactories), global) != std::end(kFactories) ||
         storage_type(global) != nullptr || is_type(global) || global == kUntyped;
}

StateDict find_tensors(const pickle::Document& document, const std::string& where) {
  return Walker(document, where).run();
}

Array gather(const TensorPlan& plan, std::span<const std::byte> storage) {
  Array array{plan.storage.dtype, plan.shape, std::vector<std::byte>(plan.bytes())};
  const std::size_t size = size_of(plan.storage.dtype);
  const std::size_t rank = plan.shape.size();
  std::vector<std::int64_t> index(rank, 0);
  std::uint64_t from = plan.begin;
  std::byte* to = array.bytes.data();
  for (std::uint64_t left = plan.numel(); left > 0;) {
    // The longest run that is contiguous: the last dimension where its stride is 1, else one element.
    const bool run = rank > 0 && plan.stride[rank - 1] == 1;
    const std::uint64_t count = run ? static_cast<std::uint64_t>(plan.shape[rank - 1]) : 1;
    std::memcpy(to, storage.data() + from * size, count * size);
    to += count * size;
    left -= count;
    for (std::size_t d = run ? rank - 1 : rank; d-- > 0;) {  // an odometer over the other dimensions
      from += static_cast<std::uint64_t>(plan.stride[d]);
      if (++index[d] < plan.shape[d]) {
        break;
      }
      from -= static_cast<std::uint64_t>(plan.stride[d]) * static_cast<std::uint64_t>(plan.shape[d]);
      index[d] = 0;
    }
  }
  return array;
}

}  // namespace stgmamba::io
