"""What the bot says in Russian. Texts only; values come in escaped."""

PLURALS = {"day": ("день", "дня", "дней"), "config": ("конфиг", "конфига", "конфигов")}

MONTHS = (
    "января", "февраля", "марта", "апреля", "мая", "июня",
    "июля", "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip

TEXTS = {
    "language.name": "Русский",
    "unit.gib": "ГБ",
    "unit.mib": "МБ",
    "unlimited": "без ограничений",
    "home.new": (
        "👋 <b>Привет, {name}!</b>\n\n"
        "Это <b>OrbitVPN</b> — быстрый и тихий VPN.\n\n"
        "🎁 Пробный период уже включён: <b>{days}</b>, до {end}.\n\n"
        "Нажмите «Мой VPN», и через минуту вы в сети."
    ),
    "home.title": "🪐 <b>OrbitVPN</b>\n\n{subscription}\n💰 Баланс: <b>{balance}</b>",
    "home.active": "✅ Подписка активна: <b>{days}</b>, до {end}",
    "home.trial": "🎁 Пробный период: <b>{days}</b>, до {end}",
    "home.none": "⏸ Подписки сейчас нет",
    "menu.vpn": "🔑 Мой VPN",
    "menu.plans": "🛒 Купить подписку",
    "menu.renew": "🛒 Продлить подписку",
    "menu.balance": "💰 Баланс",
    "menu.invite": "🎁 Пригласить друга",
    "menu.settings": "⚙️ Настройки",
    "menu.help": "❓ Помощь",
    "menu.home": "🏠 В меню",
    "menu.back": "‹ Назад",
    "vpn.title": "🔑 <b>Мой VPN</b>\n\n{subscription}",
    "vpn.empty": "У вас пока нет конфига. Создайте его: это одна кнопка.",
    "vpn.list": "Выберите конфиг, чтобы увидеть ссылку и QR-код:",
    "vpn.expired": "Чтобы подключиться, нужна подписка.",
    "vpn.new": "➕ Создать конфиг",
    "vpn.more": "➕ Ещё один конфиг",
    "vpn.creating": "⏳ <b>Создаём ваш конфиг…</b>\n\nОбычно это занимает пару секунд, сообщение обновится само.",
    "vpn.delayed": (
        "🕊 Сервер отвечает медленнее обычного. Мы продолжаем пробовать и пришлём конфиг, "
        "как только он будет готов. Ничего нажимать не нужно."
    ),
    "vpn.card": "🔑 {name}",
    "vpn.card_creating": "⏳ {name}",
    "config.caption": (
        "🔑 <b>{name}</b>\n\n"
        "Ссылка для приложения:\n<code>{url}</code>\n\n"
        "📅 До: <b>{end}</b>\n📊 Трафик: <b>{traffic}</b>\n\n"
        "Отсканируйте QR-код или скопируйте ссылку и вставьте её в приложение "
        "(Happ, Hiddify, v2rayNG, Streisand)."
    ),
    "config.traffic": "{used} из {limit}",
    "config.traffic_unknown": "обновляется",
    "config.copy": "📋 Скопировать ссылку",
    "config.key": "🗝 Показать ключ",
    "config.key_text": "🗝 <b>{name}</b>: ключ для ручной настройки\n\n<code>{link}</code>",
    "config.refresh": "🔄 Обновить",
    "config.delete": "🗑 Удалить",
    "config.delete_ask": (
        "🗑 Удалить <b>{name}</b>?\n\nУстройства с этой ссылкой отключатся. "
        "Подписка останется, и новый конфиг можно создать сразу."
    ),
    "config.delete_yes": "🗑 Да, удалить",
    "config.deleted": "Конфиг удалён",
    "plans.title": "🛒 <b>Подписка</b>\n\n{subscription}\n💰 Баланс: <b>{balance}</b>\n\nДни прибавятся к тем, что остались.",
    "plans.row": "{title} — {price}",
    "plans.row_saving": "{title} — {price}  −{percent}%",
    "plans.row_best": "⭐ {title} — {price}  −{percent}%",
    "plan.sub_1m": "1 месяц",
    "plan.sub_3m": "3 месяца",
    "plan.sub_6m": "6 месяцев",
    "plan.sub_12m": "12 месяцев",
    "plan.other": "{days}",
    "buy.ask": (
        "🛒 <b>{title}</b>\n\n"
        "📅 {days}, до {end}\n🔑 До {configs} одновременно\n"
        "💳 Цена: <b>{price}</b>\n💰 Баланс: <b>{balance}</b>"
    ),
    "buy.yes": "✅ Купить за {price}",
    "buy.short": (
        "🛒 <b>{title}</b> стоит <b>{price}</b>\n\n💰 На балансе {balance}, не хватает <b>{missing}</b>.\n\n"
        "Пополните ровно на недостающую сумму — и подписка ваша."
    ),
    "buy.top_up": "💳 Пополнить на {missing}",
    "buy.done": "✅ <b>Готово!</b>\n\nПодписка действует до <b>{end}</b>.\n💰 Осталось на балансе: <b>{balance}</b>",
    "balance.title": "💰 <b>Баланс: {balance}</b>\n\nПополните, и подписку можно будет купить в один тап.",
    "balance.top_up": "➕ Пополнить",
    "balance.no_methods": "Пополнение сейчас недоступно. Напишите в поддержку, пожалуйста.",
    "topup.method": "➕ <b>Пополнение</b>\n\nЧем удобнее заплатить?",
    "topup.amount": (
        "➕ <b>Пополнение через {method}</b>\n\nВыберите сумму или напишите свою: от {minimum} до {maximum}."
    ),
    "topup.use_buttons": "Чтобы выбрать раздел, нажмите кнопку ниже 👇",
    "method.ton": "GRAM (TON)",
    "method.stars": "Telegram Stars",
    "method.cryptobot": "CryptoBot",
    "invoice.ton": (
        "💎 <b>Пополнение на {amount}</b>\n\n"
        "Отправьте ровно <b>{coins} GRAM (TON)</b>\n"
        "на адрес\n<code>{address}</code>\n"
        "с комментарием\n<code>{comment}</code>\n\n"
        "⚠️ Без комментария платёж не найдёт вас сам. Не шифруйте его.\n"
        "⏱ Курс закреплён до {deadline} (UTC). Зачислим сами, обычно за минуту."
    ),
    "invoice.open_wallet": "👛 Открыть кошелёк",
    "invoice.copy_comment": "📋 Комментарий",
    "invoice.copy_address": "📋 Адрес",
    "invoice.copy_amount": "📋 Сумма",
    "invoice.check": "🔄 Я оплатил",
    "invoice.cancel": "✖️ Отменить",
    "invoice.waiting": "Пока не видим платежа. Как только сеть его подтвердит, мы напишем.",
    "invoice.paid_already": "Этот платёж уже зачислен ✅",
    "invoice.dead": "Счёт закрыт. Если вы уже отправили деньги, они всё равно будут зачислены.",
    "invoice.cancelled": "✖️ Счёт на {amount} отменён.",
    "invoice.expired": "⌛️ Счёт на {amount} истёк.\n\nЕсли вы всё же заплатили, деньги будут зачислены сами.",
    "invoice.paid": "✅ Счёт оплачен.",
    "notice.paid": "✅ <b>Баланс пополнен на {amount}</b>\n\nКвитанция № {receipt}",
    "notice.bonus": "🎁 <b>+{amount}</b> за приглашённого друга! Спасибо, что рассказываете о нас.",
    "invite.title": (
        "🎁 <b>Пригласите друга</b>\n\n"
        "Когда друг впервые пополнит баланс, вы получите <b>{bonus}</b>.\n\n"
        "Ваша ссылка:\n<code>{link}</code>\n\n"
        "👥 Приглашено: <b>{invited}</b>\n💳 Пополнили: <b>{paid}</b>\n💰 Заработано: <b>{earned}</b>"
    ),
    "invite.share": "📨 Поделиться",
    "invite.copy": "📋 Скопировать ссылку",
    "invite.pitch": "Быстрый VPN с бесплатным пробным периодом. Попробуй:",
    "settings.title": "⚙️ <b>Настройки</b>\n\nЯзык: <b>{language}</b>",
    "settings.saved": "Готово",
    "help.title": (
        "❓ <b>Помощь</b>\n\n"
        "<b>Как подключиться</b>\n"
        "1. Установите приложение: Happ, Hiddify, v2rayNG или Streisand.\n"
        "2. Откройте «Мой VPN», создайте конфиг.\n"
        "3. Отсканируйте QR-код или вставьте ссылку в приложение.\n\n"
        "<b>Не пришла оплата?</b>\nОбычно хватает минуты. Деньги не теряются: каждый перевод записан."
    ),
    "help.support": "💬 Написать в поддержку",
    "rate_limit": "Чуть помедленнее, пожалуйста: попробуйте через {seconds} с.",
    "error.internal": "😔 Что-то пошло не так. Попробуйте ещё раз. Если не поможет, сообщите код <code>{incident}</code>.",
    "error.not_found": "Этого уже нет. Вот что есть сейчас:",
    "error.banned": "Доступ закрыт. Если это ошибка, напишите в поддержку.",
    "error.insufficient": "На балансе {have}, нужно {need}.",
    "error.plan_changed": "Условия этого тарифа изменились. Посмотрите, пожалуйста, ещё раз.",
    "error.no_subscription": "Чтобы создать конфиг, нужна подписка.",
    "error.too_many_configs": "По вашей подписке можно иметь {configs}. Удалите один или возьмите тариф побольше.",
    "error.amount": "Напишите сумму числом: от {minimum} до {maximum}.",
    "error.too_many_payments": "Открыто слишком много счетов. Оплатите или отмените один из них.",
    "error.method_unavailable": "Этот способ оплаты сейчас недоступен. Попробуйте другой или чуть позже.",
    "error.storage": "🛠 Мы на секунду отвлеклись. Ничего не изменилось, попробуйте ещё раз через минуту.",
    "error.stale_button": "Эта кнопка устарела. Вот свежее меню:",
}
