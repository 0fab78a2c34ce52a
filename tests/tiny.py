"""Tiny LLMs and an English tagger in the real folder layouts: random, deterministic, in a second.

Their answers mean nothing, but every code path that a real model takes is taken: byte-level
tokens that cut characters, a sliding window that prompts exceed, a chat template, an adapter.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from unittest import mock

import yaml

from eatner import prompts
from eatner.llm.transformers import TransformersLLM

BOS, EOS, PAD = "<bos>", "<eos>", "<pad>"
T5_END = "</s>"
VOCABULARY = 2048
CONTEXT = 4096
# Prompts are longer, so that what a layer sees of them depends on where they are padded.
WINDOW = 32

CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>\n{{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)

# Qwen2.5's: the beginning of a turn, its end, and the end of a text, which pads, too.
QWEN_MARKS = ("<|im_start|>", "<|im_end|>", "<|endoftext|>")
# As Qwen2.5's, whose conversations begin with a system message of its own where there is none.
QWEN_TEMPLATE = (
    "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nYou are a helpful assistant."
    "<|im_end|>\n{% endif %}{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

PEOPLE = ("Angela Merkel", "Barack Obama", "Maria Silva", "Akira Kurosawa", "Natsume Soseki")
PLACES = ("Washington", "London", "Tokyo", "Kyoto", "the United Kingdom", "The Hague", "Paris")
ORGANISATIONS = ("Sony", "the University of Vienna", "Bank of France", "the United Nations")


def make_gemma(folder: Path, *, window: int = WINDOW, tied: bool = False, seed: int = 0) -> Path:
    """A Gemma 3 text model of two layers, one of them with a sliding window; a base model.

    Args:
        folder: To make.
        window: Tokens that the sliding layer sees.
        tied: Whether the output layer is the embedding: such a random model repeats itself.
        seed: Of the weights.
    """
    import torch
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    tokenizer = _tokenizer()
    torch.manual_seed(seed)
    config = Gemma3TextConfig(
        vocab_size=len(tokenizer),
        hidden_size=48,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=24,
        query_pre_attn_scalar=24,
        max_position_embeddings=CONTEXT,
        sliding_window=window,
        layer_types=["sliding_attention", "full_attention"],
        # Wide enough that answers depend on the prompt and not on its last token alone.
        initializer_range=0.3,
        tie_word_embeddings=tied,
        **_marks(tokenizer),
    )
    return _save(Gemma3ForCausalLM(config), tokenizer, folder)


def make_llama(folder: Path, *, hidden: int = 48, seed: int = 0) -> Path:
    """A Llama of two layers with a chat template, an instruct model.

    Args:
        folder: To make.
        hidden: Width of its layers, which have two heads: vLLM and bitsandbytes take no fewer
            than 64.
        seed: Of the weights.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = _tokenizer()
    tokenizer.chat_template = CHAT_TEMPLATE
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=CONTEXT,
        initializer_range=0.3,
        **_marks(tokenizer),
    )
    return _save(LlamaForCausalLM(config), tokenizer, folder)


def make_qwen2(folder: Path, *, seed: int = 0) -> Path:
    """A Qwen2 of two layers as Qwen2.5-Instruct lies on the hub: an instruct model without a mark
    of a beginning, whose turns end with another token than its texts.

    Args:
        folder: To make.
        seed: Of the weights.
    """
    import torch
    from transformers import GenerationConfig, Qwen2Config, Qwen2ForCausalLM

    tokenizer = _byte_level(*QWEN_MARKS)(
        eos_token=QWEN_MARKS[1], pad_token=QWEN_MARKS[2], model_max_length=CONTEXT
    )
    tokenizer.chat_template = QWEN_TEMPLATE
    torch.manual_seed(seed)
    # Sizes that bitsandbytes can hold in four bits on a CPU, too.
    config = Qwen2Config(
        vocab_size=len(tokenizer) + 24,  # Qwen's is rounded up beyond its tokenizer
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=CONTEXT,
        initializer_range=0.3,
        tie_word_embeddings=False,
        bos_token_id=tokenizer.convert_tokens_to_ids(QWEN_MARKS[2]),
        eos_token_id=tokenizer.eos_token_id,
    )
    model = Qwen2ForCausalLM(config)
    model.generation_config = GenerationConfig(
        bos_token_id=config.bos_token_id,
        eos_token_id=tokenizer.convert_tokens_to_ids(list(QWEN_MARKS[1:])),
        pad_token_id=tokenizer.pad_token_id,
        do_sample=True,  # what the hub's file asks for; the project asks for the best answer
        temperature=0.7,
        top_p=0.8,
        top_k=20,
        repetition_penalty=1.05,
    )
    return _save(model, tokenizer, folder)


def make_adapter(base: Path, folder: Path, *, seed: int = 0) -> Path:
    """A LoRA adapter of rank 4 for a model, with weights that change its answers.

    Args:
        base: Folder of the model.
        folder: To make.
        seed: Of the weights.
    """
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base)
    torch.manual_seed(seed)
    # init_lora_weights=False: random and not zero, as after training.
    config = LoraConfig(r=4, lora_alpha=16, target_modules="all-linear", init_lora_weights=False)
    get_peft_model(model, config).save_pretrained(folder)
    return folder


def make_spacy(folder: Path) -> Path:
    """An English spaCy pipeline whose `ner` knows the names above and, as GPE, capitalised words.

    Args:
        folder: To make.
    """
    import spacy

    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler", name="ner")
    names = {"PERSON": PEOPLE, "GPE": PLACES, "ORG": ORGANISATIONS, "DATE": ("Monday", "2010")}
    ruler.add_patterns(
        [{"label": label, "pattern": name} for label, several in names.items() for name in several]
        # spaCy takes articles and possessives into entities, too.
        + [{"label": "PERSON", "pattern": f"{name}'s"} for name in PEOPLE]
    )
    capitals = nlp.add_pipe("entity_ruler", name="capitals")
    capitals.add_patterns(
        [{"label": "GPE", "pattern": [{"IS_TITLE": True, "IS_STOP": False, "LENGTH": {">": 2}}]}]
    )
    nlp.to_disk(folder)
    return folder


def make_t5(folder: Path, *, seed: int = 0) -> Path:
    """A T5 of one layer with its sort of tokenizer: pieces of words, and an unknown token.

    Args:
        folder: To make.
        seed: Of the weights.
    """
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    tokenizer = _pieces(f"$A {T5_END}", eos_token=T5_END)
    torch.manual_seed(seed)
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=32,
        d_kv=16,
        d_ff=64,
        num_layers=1,
        num_heads=2,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
        initializer_factor=3.0,
    )
    return _save(T5ForConditionalGeneration(config), tokenizer, folder)


def make_xlm_r(
    folder: Path, *, seed: int = 0, kinds: Sequence[str] = ("PER", "LOC", "ORG")
) -> Path:
    """An XLM-R of one layer and 64 positions that classifies tokens.

    Args:
        folder: To make.
        seed: Of the weights.
        kinds: What it classifies them into, besides O.
    """
    import torch
    from transformers import XLMRobertaConfig, XLMRobertaForTokenClassification

    tokenizer = _pieces(f"{BOS} $A {T5_END}", cls_token=BOS, sep_token=T5_END)
    tags = ["O", *(f"{prefix}-{kind}" for kind in kinds for prefix in "BI")]
    torch.manual_seed(seed)
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=64,
        type_vocab_size=1,
        pad_token_id=tokenizer.pad_token_id,
        initializer_range=0.5,
        id2label=dict(enumerate(tags)),
        label2id={tag: i for i, tag in enumerate(tags)},
    )
    return _save(XLMRobertaForTokenClassification(config), tokenizer, folder)


def make_bert(folder: Path, *, seed: int = 0) -> Path:
    """A BERT of two layers and 64 positions, an encoder.

    Args:
        folder: To make.
        seed: Of the weights.
    """
    import torch
    from transformers import BertConfig, BertModel

    tokenizer = _pieces(f"{BOS} $A {T5_END}", cls_token=BOS, sep_token=T5_END)
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=64,
        pad_token_id=tokenizer.pad_token_id,
        initializer_range=0.5,
    )
    return _save(BertModel(config), tokenizer, folder)


def make_gliner(folder: Path, *, seed: int = 0, multilingual: bool = False) -> Path:
    """A GLiNER of 16 words on an encoder of one layer; needs the package.

    Args:
        folder: To make.
        seed: Of the weights.
        multilingual: Whether it is a GLiNER-X: on mT5, and asking for the splitter of stanza.
    """
    import torch
    from gliner.config import UniEncoderSpanConfig
    from gliner.model import UniEncoderSpanGLiNER
    from transformers import BertConfig, MT5Config

    tokenizer = _pieces(f"{BOS} $A {T5_END}", cls_token=BOS, sep_token=T5_END)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<<ENT>>", "<<SEP>>"]})
    torch.manual_seed(seed)
    vocabulary = len(tokenizer)
    if multilingual:
        encoder = MT5Config(
            vocab_size=vocabulary, d_model=32, d_kv=16, d_ff=64, num_layers=1, num_heads=2
        )
    else:
        encoder = BertConfig(
            vocab_size=vocabulary,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=1,
            num_attention_heads=2,
        )
    base = folder.with_name("encoder")
    tokenizer.save_pretrained(base)
    encoder.save_pretrained(base)
    config = UniEncoderSpanConfig(
        model_name=str(base),
        encoder_config=encoder.to_dict(),
        hidden_size=32,
        max_len=16,
        class_token_index=tokenizer.convert_tokens_to_ids("<<ENT>>"),
        vocab_size=vocabulary,
    )
    model = UniEncoderSpanGLiNER.load_from_config(config, backbone_from_pretrained=False)
    model.save_pretrained(folder)
    if multilingual:
        saved = folder / "gliner_config.json"
        asked = json.loads(saved.read_text()) | {"words_splitter_type": "stanza"}
        saved.write_text(json.dumps(asked))
    return folder


def make_dataset(folder: Path, subsets: dict[str, list[dict]], split: str = "test") -> Path:
    """A dataset in the layout of WikiANN on the hub: a folder a subset, tags as numbers.

    Args:
        folder: To make, or to add a split to.
        subsets: For every subset its rows; their tags in `ner_tags` by name.
        split: Of all subsets.
    """
    from datasets import ClassLabel, Dataset, Features, List, Value

    tags = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
    for subset, rows in subsets.items():
        features = {key: List(Value("string")) for key in rows[0]}
        features = Features(features | {"ner_tags": List(ClassLabel(names=tags))})
        (folder / subset).mkdir(parents=True, exist_ok=True)
        data = Dataset.from_list(rows, features=features)
        data.to_parquet(folder / subset / f"{split}-00000-of-00001.parquet")
    found = sorted(path.parent.name for path in folder.glob("*/*.parquet"))
    configs = [
        {
            "config_name": subset,
            "data_files": [
                {"split": path.name.partition("-")[0], "path": f"{subset}/{path.name}"}
                for path in sorted((folder / subset).glob("*.parquet"))
            ],
        }
        for subset in dict.fromkeys(found)
    ]
    card = yaml.safe_dump({"configs": configs})
    (folder / "README.md").write_text(f"---\n{card}---\n", encoding="utf-8")
    return folder


@cache
def folder(kind: str) -> Path:
    """The folder of a tiny model that all tests of a run share.

    Args:
        kind: `gemma`, its twins `gemma-wide` (no prompt exceeds its window) and `gemma-tied` (it
            repeats itself), `llama`, `qwen2`, the `adapter` of gemma-wide, the taggers `t5` and
            `xlm-r`, or the encoder `bert`.
    """
    path = Path(_room().name) / kind
    match kind:
        case "gemma":
            return make_gemma(path)
        case "gemma-wide":
            return make_gemma(path, window=CONTEXT)
        case "gemma-tied":
            return make_gemma(path, window=CONTEXT, tied=True)
        case "llama":
            return make_llama(path)
        case "qwen2":
            return make_qwen2(path)
        case "adapter":
            return make_adapter(folder("gemma-wide"), path)
        case "t5":
            return make_t5(path)
        case "xlm-r":
            return make_xlm_r(path)
        case "bert":
            return make_bert(path)
    raise ValueError(kind)


@cache
def llm(kind: str) -> TransformersLLM:
    """A tiny model in float32, so that the same question has the same answer to six digits."""
    with in_float32():
        return TransformersLLM(folder(kind))


def in_float32() -> mock._patch:
    """Load models in float32 on every machine while this context lasts."""
    import torch

    return mock.patch("eatner.llm.local.fast_dtype", return_value=torch.float32)


@cache
def _room() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="eatner-tiny-")


def _tokenizer() -> object:
    """A byte-level tokenizer with the mark of a beginning."""
    from tokenizers import processors

    tokenizer = _byte_level(PAD, BOS, EOS)(bos_token=BOS, eos_token=EOS, pad_token=PAD)
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", special_tokens=[(BOS, tokenizer.bos_token_id)]
    )
    return tokenizer


def _byte_level(*specials: str) -> partial:
    """A maker of tokenizers, byte-level BPE over the prompts' own multilingual examples."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    table = yaml.safe_load(prompts.EXAMPLES.read_text(encoding="utf-8"))
    texts = [statement["text"] for statements in table.values() for statement in statements]
    texts += ['Sentence: a\nEnglish: "b"\nJapanese: "', "Names: a = b; c = d\nEnglish: x\n\n"]
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(specials),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator(texts, trainer)
    return partial(PreTrainedTokenizerFast, tokenizer_object=raw)


def _pieces(form: str, **marks: str) -> object:
    """A unigram tokenizer of the sentencepiece sort: words begin with ▁, rare letters are unknown.

    Args:
        form: What is put around a text.
        marks: The special tokens by their role.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    texts = [f"({kind}, {name})" for name in PEOPLE + PLACES for kind in ("PER", "LOC", "ORG")]
    texts += [*ORGANISATIONS, "東京 は 서울 に ある 。", "नई दिल्ली में", "met in and of the ó d"]
    raw = Tokenizer(models.Unigram())
    raw.pre_tokenizer = pre_tokenizers.Metaspace()
    raw.decoder = decoders.Metaspace()
    specials = [PAD, *dict.fromkeys(marks.values()), "<unk>"]
    trainer = trainers.UnigramTrainer(
        vocab_size=400, special_tokens=specials, unk_token="<unk>", show_progress=False
    )
    raw.train_from_iterator(texts, trainer)
    raw.post_processor = processors.TemplateProcessing(
        single=form, special_tokens=[(mark, raw.token_to_id(mark)) for mark in marks.values()]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=raw,
        pad_token=PAD,
        unk_token="<unk>",
        model_input_names=["input_ids", "attention_mask"],
        **marks,
    )


def _marks(tokenizer: object) -> dict[str, int]:
    return {
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }


def _save(model: object, tokenizer: object, folder: Path) -> Path:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
